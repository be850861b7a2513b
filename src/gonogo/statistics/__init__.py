"""Numbers: pure functions on sequences and arrays of numbers, each with its source.

`percentiles`, `multiplicity`, `repeated_trials` and `differences` need the standard library alone,
`power`, `sizing` and `needs` ask scipy when called. The others import numpy at once and scipy when
a function needs it: import them inside the function that uses them.
"""
