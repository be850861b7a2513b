"""The command line `gonogo`."""
