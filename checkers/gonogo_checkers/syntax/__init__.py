"""How code is parsed, and where it breaks."""
