"""What several test files share."""

import importlib

from gonogo_checkers import CHECKERS
from gonogo_checkers.checker import Checker


def load_checker(checker_id: str) -> type[Checker]:
    module, _, name = CHECKERS[checker_id].partition(":")
    loaded: type[Checker] = getattr(importlib.import_module(module), name)
    return loaded
