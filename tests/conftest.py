"""How hypothesis runs: without deadlines, since a loaded machine is no failure; `long` for hours."""

from hypothesis import settings

settings.register_profile("steady", deadline=None)
settings.register_profile("long", max_examples=2000, deadline=None)
settings.load_profile("steady")
