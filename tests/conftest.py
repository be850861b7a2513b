"""How hypothesis runs: the same examples each time and without deadlines, since neither chance nor a
loaded machine is to fail a change; `--hypothesis-profile=long` draws others, for hours.
"""

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("long", max_examples=2000, deadline=None)
settings.load_profile("steady")
