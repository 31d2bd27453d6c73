"""The command line: `weighbridge --help` lists the commands."""
