"""What the program does before it is ready, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys

from tests.support.command_line import ROOT

_ONLY_SOMETIMES = ("PIL", "alembic", "asyncpg", "icalendar", "services.domain.leave_types", "services.commands", "yaml")


def test_starting_loads_nothing_that_most_installations_need_later_or_never() -> None:
    asked = (
        "import sys, services.bootstrap; from services.domain.titles.vocabulary import vocabulary; "
        f"print([name for name in {_ONLY_SOMETIMES} if name in sys.modules], vocabulary.cache_info().currsize)"
    )
    ended = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[] 0\n"
