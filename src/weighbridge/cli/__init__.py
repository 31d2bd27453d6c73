"""The command line: `weighbridge --help` lists its commands."""
