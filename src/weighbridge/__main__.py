"""`python -m weighbridge` is the `weighbridge` command."""

from weighbridge.cli.main import main

main()
