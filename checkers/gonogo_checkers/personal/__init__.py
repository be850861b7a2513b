"""Personal data: kinds, recognizers, placeholders, what was given."""
