"""The core's tests are marked, so that `make check` runs them once: under coverage, where it takes all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before those that are not asked for are left out."""
    for item in items:
        elsewhere = is_hypothesis_test(getattr(item, "obj", None)) or item.get_closest_marker("uncounted")
        if item.path.is_relative_to(HERE) and not elsewhere:
            item.add_marker(pytest.mark.core)
