"""Spend: what is spent by whom, limits on it, what of it is unusual, and what it will be."""
