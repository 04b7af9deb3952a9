"""An admin agrees to be the keeper, members say that they do not want it, and it ends: forms, commands, a browser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession, CookieJar

from emulators import consent
from handlers.slack.views.keeper_section import keeper_section
from services.domain.keeper import ABOVE, KeeperState
from services.domain.model import PersonKey
from services.domain.people import LEAVE
from services.platform.locale import Localizer
from services.store.keeper import KeeperCounts, StandingKeeper, mark_kept_due
from services.store.tables import PEOPLE
from services.store.workspace_tables import KEEPERS, KEPT, KEPT_WRITES, LEAVES, MEMBERS, REFUSALS
from services.usecases.keeper import MOST_LISTED, KeeperView
from tests.scenario.test_absence_feeds import Office as FeedOffice
from tests.scenario.test_absence_feeds import fetch
from tests.support import blockkit
from tests.support.command_line import run
from tests.support.feeds import entry
from tests.support.few import few
from tests.support.leave import connects_leave
from tests.support.running_app import ANN, BEN, SET, TEAM, RunningApp, at
from tests.support.stepped_app import text_of

CAT = "U0CAT00001"
KEY = PersonKey(TEAM, ANN)
OUT = "Out of office until 12:00"


@pytest.fixture
async def app(running_app: RunningApp) -> RunningApp:
    """Ann, who installed it, is an admin; Ben and Cat never connected."""
    running_app.slack.add_person(ANN, "ann1", "Ann Lee", team_id=TEAM)
    running_app.slack.membership.set_role(ANN, "admin")
    for user_id, name in ((BEN, "Ben Ito"), (CAT, "Cat Roy")):
        running_app.slack.add_person(user_id, user_id[2:5].lower(), name, team_id=TEAM, locale="en-GB")
    await running_app.joins(ANN)
    return running_app


async def has_leave(app: RunningApp, *user_ids: str, until: str = "12:00") -> None:
    """What a leave calendar says of them."""
    assert app._look is not None
    async with app._look.write() as connection:
        for user_id in user_ids:
            await connection.execute(
                sa.insert(LEAVES).values(
                    team_id=TEAM, user_id=user_id, leave_id=f"l{until}", calendar_id="c1", all_day=False,
                    start_at=app.clock.now(), end_at=at(until),
                )
            )  # fmt: skip
        await mark_kept_due(connection, TEAM, user_ids, app.clock.now())
    app.wake()
    await app.settle()


async def opens_form(app: RunningApp, user: str = ANN) -> dict[str, Any]:
    """She opens the form of the workspace."""
    await app.opens_home(user)
    home = app.slack.homes[user]
    await app.slack.people.click_in_view(user, home.view_id, {"type": "button", "action_id": "open_workspace"})
    await app.settle()
    view: dict[str, Any] = app.slack.modals[user][-1].view
    blockkit.check_view(view)
    return view


async def clicks(app: RunningApp, action_id: str, user: str = ANN) -> dict[str, Any]:
    """She clicks a button of the form that is open; what is shown then."""
    form = app.slack.modals[user][-1]
    await app.slack.people.click_in_view(user, form.view_id, {"type": "button", "action_id": action_id})
    await app.settle()
    view: dict[str, Any] = app.slack.modals[user][-1].view
    blockkit.check_view(view)
    return view


async def link_of(app: RunningApp) -> str:
    """She is led to the page."""
    await opens_form(app)
    view = await clicks(app, "grant_keeper")
    (url,) = re.findall(r"http://[^ '\"]+/keeper\?link=[^ '\"]+", str(view))
    return url


@asynccontextmanager
async def browser() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


def said(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page.split("<main>")[1]))


def form_of(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}


async def agrees(app: RunningApp, link: str, user: str = ANN) -> tuple[int, str]:
    """She follows the link in a browser that Slack has not told us of, presses the button, and Slack says who it is."""
    async with browser() as session:
        async with session.get(link) as asked:
            page = await asked.text()
            if asked.status != 200 or "<form" not in page:
                return asked.status, page
        async with session.post(f"{app.url}/keeper", data=form_of(page), allow_redirects=False) as sent:
            where = sent.headers.get("Location", "")
            if not where:
                return sent.status, await sent.text()
        back = app.slack.oauth.decide(consent.query_of(where), user)
        async with session.get(back) as last:
            return last.status, await last.text()


async def keeps(app: RunningApp) -> None:
    """Ann is the keeper."""
    status, page = await agrees(app, await link_of(app))
    assert status == 200, page
    await app.settle()


async def count(app: RunningApp, table: Any) -> int:
    return int((await app.rows(sa.select(sa.func.count()).select_from(table)))[0][0])


async def test_admin_agrees_on_a_page_that_says_what_for_and_leave_is_kept(app: RunningApp) -> None:
    await has_leave(app, BEN)
    assert app.text(BEN) == ""
    link = await link_of(app)
    async with browser() as session, session.get(link) as asked:
        words = said(await asked.text())
    assert "Ann Lee" in words
    assert "never a meeting" in words
    assert await count(app, KEEPERS) == 0
    status, page = await agrees(app, link)
    await app.settle()
    assert (status, "Agreed" in page) == (200, True)
    assert app.text(BEN) == OUT
    assert [call.user_id for call in app.slack.calls.all(SET)] == [ANN]
    view = await opens_form(app)
    assert "with the permission of *Ann Lee*" in text_of(view)
    assert "Shown now: *1*" in text_of(view)
    await app.opens_home(ANN)
    assert "with the permission of *Ann Lee*" in text_of(app.slack.homes[ANN].view)


async def test_link_is_good_once_and_for_its_admin_alone(app: RunningApp) -> None:
    link = await link_of(app)
    status, page = await agrees(app, link, BEN)  # whose browser it is, Slack says
    assert (status, await count(app, KEEPERS)) == (403, 0), page
    status, page = await agrees(app, link)
    assert status == 400
    assert "has expired or was used already" in said(page)
    later = await link_of(app)
    app.clock.move(minutes=61)
    assert (await agrees(app, later))[0] == 400


async def test_browser_that_is_another_members_is_refused_before_the_page(app: RunningApp) -> None:
    link = await link_of(app)
    async with browser() as session:
        async with session.get(f"{app.url}/slack/install", allow_redirects=False) as first:
            where = first.headers["Location"]
        async with session.get(app.slack.oauth.decide(consent.query_of(where), BEN)) as back:
            assert back.status == 200
        async with session.get(link) as asked:
            assert asked.status == 403
            assert "belongs to somebody else" in said(await asked.text())


async def test_only_an_admin_is_led_to_the_page_or_may_agree(app: RunningApp) -> None:
    link = await link_of(app)
    app.slack.membership.set_role(ANN, "member")
    status, page = await agrees(app, link)
    assert status == 403
    assert "Only an admin of your workspace can do that" in said(page)
    view = await clicks(app, "grant_keeper")
    assert "Only an admin of your workspace can do that" in text_of(view)
    assert await count(app, KEEPERS) == 0


async def test_admin_without_a_grant_grants_first_and_comes_back(app: RunningApp) -> None:
    app.slack.membership.set_role(BEN, "owner")
    await app.opens_home(BEN)
    await opens_form(app, BEN)
    view = await clicks(app, "grant_keeper", BEN)
    (link,) = re.findall(r"http://[^ '\"]+/keeper\?link=[^ '\"]+", str(view))
    async with browser() as session:
        async with session.get(link) as asked:
            page = await asked.text()
        assert "<form" not in page
        (grant,) = [unescape(one) for one in re.findall(r'href="([^"]+/slack/install[^"]+)"', page)]
        async with session.get(grant, allow_redirects=False) as first:
            where = first.headers["Location"]
        async with session.get(app.slack.oauth.decide(consent.query_of(where), BEN)) as back:
            assert back.status == 200
        async with session.get(link) as again:
            page = await again.text()
        async with session.post(f"{app.url}/keeper", data=form_of(page), allow_redirects=False) as sent:
            assert sent.status == 200  # Slack has said whose browser it is
    await app.settle()
    assert [row.user_id for row in await app.rows(sa.select(KEEPERS.c.user_id))] == [BEN]


async def test_end_takes_off_what_stands_and_leaves_the_grant(app: RunningApp) -> None:
    await keeps(app)
    await has_leave(app, BEN, CAT)
    assert (app.text(BEN), app.text(CAT)) == (OUT, OUT)
    await opens_form(app)
    view = await clicks(app, "end_keeper")
    assert "grant_keeper" in str(view)
    assert (app.text(BEN), app.text(CAT)) == ("", "")
    assert await count(app, KEEPERS) == 0
    assert [
        row.grant_state for row in await app.rows(sa.select(PEOPLE.c.grant_state).where(PEOPLE.c.user_id == ANN))
    ] == ["ok"]


async def test_member_opts_out_and_in_and_is_told_who_keeps_their_status(app: RunningApp) -> None:
    await keeps(app)
    await has_leave(app, BEN)
    why = text_of(await app.types("/quo", "why", BEN))
    assert "with the permission of *Ann Lee*" in why
    assert OUT in why
    assert "/quo opt-out" in why
    await app.opens_home(BEN)
    assert "/quo opt-out" in text_of(app.slack.homes[BEN].view)
    assert "taken off within a minute" in text_of(await app.types("/quo", "opt-out", BEN))
    assert app.text(BEN) == ""
    assert "/quo opt-in" in text_of(await app.types("/quo", "why", BEN))
    assert "may show your leave" in text_of(await app.types("/quo", "opt-in", BEN))
    assert app.text(BEN) == OUT
    assert await count(app, REFUSALS) == 0


async def test_member_who_asked_before_is_not_told_that_what_the_keeper_set_is_their_own(app: RunningApp) -> None:
    await app.types("/quo", "why", BEN)
    await keeps(app)
    await has_leave(app, BEN)
    await app.opens_home(BEN)
    told = text_of(await app.types("/quo", "why", BEN)), text_of(app.slack.homes[BEN].view)
    assert [("It set what you show" in one, "yourself. I leave it" in one) for one in told] == [(True, False)] * 2
    app.clock.move(minutes=5)
    await app.says("Back for a call", ":phone:", user=BEN)
    assert "You set :phone: *Back for a call* yourself." in text_of(await app.types("/quo", "why", BEN))


async def test_forgetting_leaves_one_row_that_opt_in_deletes(app: RunningApp) -> None:
    await keeps(app)
    await has_leave(app, BEN)
    await forgets(app, BEN)
    assert app.text(BEN) == ""
    assert await count(app, KEPT_WRITES) == 0
    rows = await app.rows(sa.select(REFUSALS.c.user_id, REFUSALS.c.what))
    assert [(row.user_id, row.what) for row in rows] == [(BEN, "keeper")]
    await app.until(app.clock.now() + timedelta(minutes=1))
    assert [row.user_id for row in await app.rows(sa.select(PEOPLE.c.user_id))] == [ANN]
    await app.types("/quo", "opt-in", BEN)
    assert await count(app, REFUSALS) == 0


async def forgets(app: RunningApp, user: str) -> str:
    """They ask to be forgotten, and say so once more; what they are told."""
    answer = await app.types("/quo", "forget", user)
    await app.opens_home(user)
    home = app.slack.homes[user]
    await app.slack.people.click_in_view(user, home.view_id, {"type": "button", "action_id": "forget_me"})
    await app.settle()
    return text_of(answer)


async def test_keeper_who_wants_to_be_forgotten_is_told_so_and_takes_off_what_stands_first(app: RunningApp) -> None:
    await keeps(app)
    await has_leave(app, BEN, CAT)
    assert "I also show the leave of members who have not connected" in await forgets(app, ANN)
    assert (app.text(BEN), app.text(CAT)) == ("", "")
    await app.until(app.clock.now() + timedelta(minutes=1))
    assert await count(app, KEEPERS) == 0
    assert await count(app, PEOPLE) == 0
    assert await count(app, MEMBERS) == 0
    assert {row.keeper_id for row in await app.rows(sa.select(KEPT_WRITES.c.keeper_id))} == {""}


@pytest.mark.parametrize("how", few(["ended", "forgotten"]))
async def test_keeper_who_is_no_admin_any_more_leaves_nothing_behind(app: RunningApp, how: str) -> None:
    await keeps(app)
    await has_leave(app, BEN)
    app.slack.membership.set_role(ANN, "member")
    await app.settle()
    assert [row.state for row in await app.rows(sa.select(KEEPERS.c.state))] == ["lost"]
    if how == "ended":
        app.slack.membership.set_role(ANN, "admin")
        await app.settle()
        await opens_form(app)
        assert "grant_keeper" in str(await clicks(app, "end_keeper"))
    else:
        await forgets(app, ANN)
    assert (await count(app, KEEPERS), await count(app, MEMBERS)) == (0, 0)
    assert app.text(BEN) in {OUT, ""}  # what stands runs out


async def test_operator_exports_and_forgets_a_member_who_never_connected(app: RunningApp, tmp_path: Path) -> None:
    await keeps(app)
    await has_leave(app, BEN)
    whom = ("--team", TEAM, "--user", BEN)
    exported = await run("export", *whom, cwd=tmp_path, **app.environment())
    assert exported.status == 0, exported.err
    told = json.loads(exported.out)
    assert (told["member"]["names"][0], len(told["leave"])) == ("Ben Ito", 1)
    assert [one["keeper_id"] for one in told["kept"]] == [ANN]
    assert app.service is not None
    assert await app.service.cases.people.forget(PersonKey(TEAM, BEN))  # as the command, by the clock of this app
    await app.settle()
    assert app.text(BEN) == ""
    assert (await count(app, LEAVES), await count(app, KEPT_WRITES), await count(app, KEPT)) == (0, 0, 0)
    assert [row.what for row in await app.rows(sa.select(REFUSALS.c.what))] == ["keeper"]
    for command in ("export", "forget"):
        nobody = await run(command, "--team", TEAM, "--user", LEAVE, cwd=tmp_path, **app.environment())
        assert (nobody.status, nobody.out) == (1, "")


@pytest.mark.parametrize("locale", ["en-GB", "de-DE", "fr-FR", "es-ES", "ja-JP"])
def test_everybody_who_cannot_be_kept_is_listed_however_long_their_names(locale: str) -> None:
    refused = tuple((f"{number:02} {'Nn' * 38}", ABOVE) for number in range(MOST_LISTED))
    keeper = StandingKeeper(KEY, at("09:00"), KeeperState.OK)
    view = KeeperView(keeper, "A" * 80, KeeperCounts(500, 500, refused), refused)
    said = str(keeper_section(Localizer(locale, "UTC"), view).modal)
    assert [name for name, _ in refused if name not in said] == []


async def test_feed_counts_the_changes_of_leave_that_is_kept(app: RunningApp) -> None:
    await keeps(app)
    app.feeds["hr"].has(entry("1", date(2026, 11, 24), date(2026, 11, 27), "Ben Ito (Vacation)"))
    await connects_leave(app)
    address = await FeedOffice(app, app.slack.talk.create("all", TEAM, {ANN})).gets_whole(ANN)
    (before,) = (await fetch(address)).calendar.walk("VEVENT")
    app.feeds["hr"].has(entry("1", date(2026, 11, 24), date(2026, 11, 28), "Ben Ito (Vacation)"))
    await app.polled()
    (after,) = (await fetch(address)).calendar.walk("VEVENT")
    assert (before["DTEND"].dt, after["DTEND"].dt) == (date(2026, 11, 27), date(2026, 11, 28))
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)
    assert before["LAST-MODIFIED"].dt < after["LAST-MODIFIED"].dt <= app.clock.now()


async def test_status_typed_meanwhile_is_heard_of_from_slack_and_left(app: RunningApp) -> None:
    await keeps(app)
    await has_leave(app, BEN)
    app.clock.move(minutes=5)
    await app.says("Back for a call", ":phone:", user=BEN)
    await has_leave(app, BEN, until="13:00")
    await app.until(at("13:30"))
    assert app.text(BEN) == "Back for a call"


async def test_policy_that_forbids_keepers_takes_off_what_stands_within_a_minute(app: RunningApp) -> None:
    await keeps(app)
    await has_leave(app, BEN)
    view = await opens_form(app)
    state = {
        block["block_id"]: {"value": {"type": "static_select", "selected_option": {"value": "no"}}}
        for block in view["blocks"]
        if block.get("block_id") == "keeper"
    }
    await app.slack.people.submit(ANN, app.slack.modals[ANN][-1].view_id, state)
    await app.settle()
    assert app.text(BEN) == ""
    assert await count(app, KEPT) == 1
