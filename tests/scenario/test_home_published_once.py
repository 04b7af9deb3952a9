"""What is typed while the Home tab is open has it published once, with what was typed and what takes that back."""

from __future__ import annotations

from tests.support.databases import BOTH
from tests.support.running_app import RunningApp


@BOTH
async def test_command_has_the_home_tab_published_once(running_app: RunningApp) -> None:
    await running_app.joins()
    await running_app.opens_home()
    for command in ("/ooo tomorrow", "/ooo off", "/quo pause 2h", "/quo resume"):
        published = len(running_app.slack.calls.all("views.publish"))
        await running_app.types(*command.split(" ", 1))
        assert len(running_app.slack.calls.all("views.publish")) - published == 1, command
    assert running_app.written() == []  # what came of that would be published, too
