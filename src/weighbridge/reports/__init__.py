"""Reports on an installation, which the command line prints and the console shows."""
