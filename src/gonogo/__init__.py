"""The go/no-go gauge for what Claude answers."""

__version__ = "0.1.0"
