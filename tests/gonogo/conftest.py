"""Fixtures for tests of the plugin, and what `--hypothesis-profile=long` means."""

import pytest
from app import App
from hypothesis import settings

settings.register_profile("long", max_examples=2000, deadline=None)


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
