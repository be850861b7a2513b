"""Turns on what this repository's own tests need; the gonogo plugin comes by its entry point."""

pytest_plugins = ["pytester"]
