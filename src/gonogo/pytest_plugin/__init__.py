"""The pytest plugin: options, markers, the fixture, and the decision at the end of a session.

Imports nothing but the standard library and pytest until a test uses it.
"""

from gonogo.pytest_plugin.hooks import (
    gonogo,
    pytest_configure,
    pytest_configure_node,
    pytest_generate_tests,
    pytest_itemcollected,
    pytest_runtest_call,
    pytest_runtest_makereport,
)
from gonogo.pytest_plugin.options import pytest_addoption

__all__ = [
    "gonogo",
    "pytest_addoption",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_generate_tests",
    "pytest_itemcollected",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
]
