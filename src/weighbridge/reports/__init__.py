"""Reports: what the command line prints and pages show about an installation."""
