"""Weaknesses of code, language by language."""
