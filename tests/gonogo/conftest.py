"""Fixtures for tests of the plugin."""

import numpy as np  # noqa: F401 - pytester forgets modules after each run, numpy loads only once
import pytest
import scipy.special  # noqa: F401 - likewise
from app import App


@pytest.fixture
def app(pytester: pytest.Pytester) -> App:
    """An application repository with a suite of three cases, and no baseline yet."""
    return App(pytester.path)


@pytest.fixture
def accepted(app: App, pytester: pytest.Pytester) -> App:
    """The same with an accepted baseline."""
    result = pytester.runpytest_inprocess("evals", "--gonogo-update-baselines")
    assert result.ret == 0
    return app
