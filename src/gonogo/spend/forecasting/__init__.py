"""Forecast of what is used: hours ahead, days and months, and when a limit will be hit.

Imports numpy at once: import it inside the function that uses it.
"""
