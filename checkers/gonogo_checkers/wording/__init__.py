"""Phrases, endings and formulas that checkers of text go by."""
