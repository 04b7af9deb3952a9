"""Programs that tests need and that may not be installed."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(program: str, otherwise: str = "") -> NoReturn:
    """Skip the test that needs `program`; `otherwise` says more. In CI it fails: there everything is to be tested."""
    if os.environ.get("CI"):
        pytest.fail(f"{program} is not installed, and CI tests with it, too")
    pytest.skip(f"{program} is not installed{otherwise and ': '}{otherwise}")
