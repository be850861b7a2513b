"""Numbers: pure functions on sequences of numbers."""
