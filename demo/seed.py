"""Brings the demo's people to where a real person would be after a minute: installed, allowed, connected.

All goes through the doors that everybody uses: the install page, Slack's consent, `/quo connect`, the form. Only what
is not as everybody's in their lists is put where the app keeps it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from demo.feeds import Feeds
from demo.people import PERSONAS
from demo.workplace import ADMIN, colleagues
from emulators.slack import LocalSlack
from services.bootstrap import Service
from services.domain.model import PersonKey
from services.store.line_file import lines_from_file

TEAM = "T0ACME0001"
_OK = 200
_PATIENCE = 20.0
_BEAT = 0.02
_QUIET_BEATS = 5


class SeedError(RuntimeError):
    """The app did not let somebody in; the text says where it stopped."""


def people_the_workspace(slack: LocalSlack) -> None:
    """The workspace, the five whom one can be, and everybody else."""
    slack.add_workspace(TEAM, "Acme", "acme")
    for persona in PERSONAS:
        slack.add_person(
            persona.user_id,
            persona.name,
            persona.real_name,
            team_id=TEAM,
            tz=persona.tz,
            locale=persona.locale,
            title=persona.title,
            is_admin=persona.is_admin,
        )
        slack.photos.upload(persona.user_id, persona.face)
    colleagues(slack, TEAM)


def own_emoji(slack: LocalSlack, pictures: str) -> None:
    """The workspace's own emoji, whose pictures are served under the address `pictures`, and another name of one."""
    for name in ("acme", "blob-party", "headphones-on"):
        slack.emoji.add(TEAM, name, f"{pictures}/emoji-{name}.svg")
    slack.emoji.add(TEAM, "shipit", "alias:chipmunk")


def small_talk(slack: LocalSlack) -> None:
    """What stands in the channel at the beginning, instead of the app's greetings to each."""
    slack.messages.clear()
    general = slack.general(TEAM)
    for user_id, text in (
        ("U0SAM00001", "Morning! The new docs are out :blob-party:"),
        ("U0MAYA0001", "Lovely. Stand-up in five minutes :coffee:"),
    ):
        slack.post(general.channel_id, user_id, text, bot=False)


async def bring_in(
    slack: LocalSlack, feeds: Feeds, service: Service, app: str, served: str, *, busy: Callable[[], bool]
) -> None:
    """Install the app at `app`, and have everybody allow it and connect their calendar, served under `served`.

    Who has a list of their own allows what it does, too. It ends when nobody is `busy` any more. Raises SeedError.
    """
    for persona in PERSONAS:
        await _allow(slack, f"{app}/slack/install?add=emoji,replies,digests", persona.user_id)
        if persona.own_list is not None:
            await _give_list(slack, service, persona.user_id, persona.own_list)
    for persona in PERSONAS:
        address = f"{served}/{feeds.by_person[persona.user_id].secret}.ics"
        await connect(slack, persona.user_id, address)
        if persona.status != ("", ""):
            slack.type_status(persona.user_id, *persona.status)  # now, so that the app hears of it
    general = slack.general(TEAM)
    slack.talk.invite_app(general.channel_id)
    await manage(slack, service, f"{served}/{feeds.of_company.secret}.ics" if feeds.of_company else "")
    await _until(lambda: feeds.fetches > len(PERSONAS), "no calendar was read")
    await _rest(busy)
    if service.listening.out is not None:
        await service.listening.out.refresh()  # who is out is known to whoever asks at once


async def connect(slack: LocalSlack, user_id: str, address: str) -> None:
    """Connect a feed with the app's own form. Raises SeedError."""
    await slack.people.command(user_id, "/quo", "connect")
    await _until(lambda: bool(slack.modals.get(user_id)), "the form did not open")
    form = slack.modals[user_id][-1]
    values = {"feed": {"url": {"type": "url_text_input", "value": address}}}
    answer = await slack.people.submit(user_id, form.view_id, values)
    if not answer.ok or (answer.json() or {}).get("response_action") == "errors":
        raise SeedError(f"the calendar was not taken: {answer.status} {answer.body[:200]!r}")
    for left in slack.modals.get(user_id, [])[:1]:
        await slack.people.dismiss(user_id, left.view_id, whole_stack=True)


async def manage(slack: LocalSlack, service: Service, leave: str) -> None:
    """What the admin does for all: a leave calendar at the address `leave`, a keeper, a digest. Raises SeedError."""
    await service.cases.workspace.keeping.agree(PersonKey(TEAM, ADMIN))
    await slack.people.home_opened(ADMIN)
    await _until(lambda: ADMIN in slack.homes, "the Home tab did not open")
    for action in ("open_workspace", "add_leave_calendar"):
        shown = slack.modals.get(ADMIN) or [slack.homes[ADMIN]]
        await slack.people.click_in_view(ADMIN, shown[-1].view_id, {"type": "button", "action_id": action})
    values = {"feed": {"url": {"type": "url_text_input", "value": leave}}}
    answer = await slack.people.submit(ADMIN, slack.modals[ADMIN][-1].view_id, values)
    if not answer.ok or (answer.json() or {}).get("response_action") == "errors":
        raise SeedError(f"the leave calendar was not taken: {answer.status} {answer.body[:200]!r}")
    for left in slack.modals.get(ADMIN, [])[:1]:
        await slack.people.dismiss(ADMIN, left.view_id, whole_stack=True)
    await slack.people.command(ADMIN, "/quo", "digest weekdays 9:00")


async def _allow(slack: LocalSlack, link: str, user_id: str) -> None:
    status, page = await slack.allow(link, user_id)
    if status != _OK:
        raise SeedError(f"{user_id} was not let in: {status} {page[:200]}")


async def _give_list(slack: LocalSlack, service: Service, user_id: str, own_list: Mapping[str, Any]) -> None:
    key, lines = PersonKey(TEAM, user_id), lines_from_file(own_list)
    await service.stores.lines.change(key, slack.clock.now(), lambda _: lines)
    await _allow(slack, await service.cases.people.grant_link(key), user_id)


async def _until(condition: Callable[[], bool], trouble: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise SeedError(trouble)
        await asyncio.sleep(_BEAT)


async def _rest(busy: Callable[[], bool]) -> None:
    """Until the app has said and done all that it had to."""
    quiet = 0

    def quiet_again() -> bool:
        nonlocal quiet
        quiet = 0 if busy() else quiet + 1
        return quiet >= _QUIET_BEATS

    await _until(quiet_again, "the app did not come to rest")
