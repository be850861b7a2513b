"""Runs the command line: `python -m gonogo`."""

from gonogo.cli.app import main

if __name__ == "__main__":
    main()
