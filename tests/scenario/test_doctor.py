from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa
from aiohttp import web

from services.domain.faults import OperatorFault
from services.platform.crypto import Encryptor, new_key
from services.slack import scopes
from services.slack.client import SlackHealth
from services.store import schema
from services.store.calendar_tables import CALENDARS
from services.store.db import Database
from services.store.effect_tables import STRETCHES
from services.store.stores import Stores
from services.store.tables import DELIVERIES, PEOPLE, WORKSPACES
from services.usecases.credentials import BOT_TOKEN, SLACK_APP, look_at_bot_token, reached
from services.usecases.doctor import Doctor, clock_offset
from services.usecases.findings import Finding
from tests.support.clocks import ManualClock
from tests.support.databases import BOTH, SQLITE_FIRST
from tests.support.faults import standing
from tests.support.few import few


@dataclass
class Slack:
    """Answers api.test and auth.test as Slack does."""

    date: datetime
    granted: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    out: tuple[int, str] | None = None
    """What it answers everybody in the place of that: an HTTP status, and an error."""

    async def answer(self, request: web.Request) -> web.Response:
        headers = {"Date": format_datetime(self.date, usegmt=True)}
        if self.out is not None:
            return web.json_response({"ok": False, "error": self.out[1]}, status=self.out[0], headers=headers)
        if request.match_info["method"] == "api.test":
            return web.json_response({"ok": True}, headers=headers)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.granted:
            return web.json_response({"ok": False, "error": "invalid_auth"}, headers=headers)
        return web.json_response({"ok": True}, headers={**headers, "X-OAuth-Scopes": self.granted[token]})


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[Slack]:
    stand_in = Slack(clock.now(), {"xoxb-1": scopes.joined(scopes.BOT), "xoxb-2": "commands,users:read"})
    application = web.Application()
    application.router.add_post("/api/{method}", stand_in.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    yield stand_in
    await runner.cleanup()


async def add_workspaces(database: Database, encryptor: Encryptor, now: datetime) -> None:
    async with database.write() as connection:
        for number in (1, 2, 3):
            sealed = encryptor.seal(f"xoxb-{number}", "workspaces.bot_token", f"T{number}")
            await connection.execute(
                sa.insert(WORKSPACES).values(
                    team_id=f"T{number}", name=f"W{number}", bot_token=sealed, installed_at=now
                )
            )
        await connection.execute(
            sa.insert(PEOPLE).values(team_id="T1", user_id="U1", created_at=now, grant_state="lost")
        )
        await connection.execute(
            sa.insert(CALENDARS).values(
                team_id="T1", user_id="U1", calendar_id="c", provider="ics", address_digest="d", health="broken",
                created_at=now,
            )
        )  # fmt: skip


async def examine(database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock) -> list[Finding]:
    doctor = Doctor(Stores(database, encryptor, clock), SlackHealth(slack.url), clock, missing=[])
    return [finding async for finding in doctor.examine()]


async def test_doctor_finds_nothing_wrong_with_an_empty_installation(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    assert await examine(database, encryptor, slack, clock) == [
        Finding.ok("settings", "complete"),
        Finding.ok("clock", "agrees with Slack's"),
        Finding.ok("database", f"up to date at step {schema.head()}"),
        Finding.ok("keys", "ready, nothing is stored yet"),
        Finding.ok("calendars", "people: 0, calendars: 0"),
        Finding.ok("effects", "everybody has allowed what their effects need"),
    ]


@BOTH
async def test_doctor_names_each_trouble_and_its_cure(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    await add_workspaces(database, encryptor, clock.now())
    clock.move(seconds=90)
    found = {finding.subject: finding for finding in await examine(database, encryptor, slack, clock)}
    assert [subject for subject, finding in found.items() if not finding.well] == [
        "clock", "workspace W2", "workspace W3",
    ]  # fmt: skip
    assert found["calendars"].warns  # members mend it, or do not want to
    assert found["clock"].sentence == "is +90 s off Slack's: let the machine keep its time with NTP"
    assert found["calendars"].sentence.startswith(
        "people: 1, calendars: 1; 1 cannot be read and 1 permissions are lost"
    )
    assert found["workspace W1"].sentence == (
        "scopes as in manifest.yml; not asked for yet: channels:history, channels:read, emoji:read, groups:history, "
        "groups:read (docs/admin.md says what for)"
    )
    assert "chat:write, users.profile:read" in found["workspace W2"].sentence
    assert found["workspace W3"].sentence == (
        "Slack says invalid_auth: let this machine's address into the app's allowed addresses, if that is what is "
        "amiss, or install it again at /slack/install"
    )


async def test_what_is_wrong_with_somebody_who_was_deactivated_is_nobodys_to_mend(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    await add_workspaces(database, encryptor, clock.now())
    await database.execute(sa.update(PEOPLE).values(deactivated_at=clock.now()))
    found = [one for one in await examine(database, encryptor, slack, clock) if one.subject == "calendars"]
    assert found == [Finding.ok("calendars", "people: 1, calendars: 1")]


async def test_doctor_has_one_line_for_each_thing_that_the_operator_has_to_mend(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    await add_workspaces(database, encryptor, clock.now())
    faults = Stores(database, encryptor, clock).faults
    await faults.met(OperatorFault.MICROSOFT_CLIENT, "invalid_client AADSTS7000222", "T1")
    await faults.met(OperatorFault.MICROSOFT_CLIENT, "invalid_client AADSTS7000222", "T2")
    await faults.met(OperatorFault.GOOGLE_REDIRECT, "https://quo.example/connect/google/callback", "T1")
    await faults.met(OperatorFault.SLACK_TOKENS, "invalid_auth", "T3")
    found = await examine(database, encryptor, slack, clock)
    lines = [f"{one.subject} {one.sentence}" for one in found if " since " in one.sentence]
    at = "since 2026-11-24 09:00 UTC"
    assert sorted(line.partition("): ")[0] for line in lines) == [
        f"Google Calendar does not take this app's redirect address {at} (https://quo.example/connect/google/callback",
        f"Microsoft 365 does not take this app {at} (invalid_client AADSTS7000222",
        f"workspace W3 takes no token of this workspace {at} (invalid_auth",
    ]
    assert "MICROSOFT_CLIENT_SECRET" in next(line for line in lines if "365" in line)
    assert [one.subject for one in found].count("workspace W3") == 1


async def test_doctor_ends_slacks_refusal_of_the_app_that_is_mended_already(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    faults = Stores(database, encryptor, clock).faults
    await faults.met(OperatorFault.SLACK_CLIENT, "bad_client_secret")

    async def lines(*, taken: bool) -> list[tuple[bool, bool, str]]:
        async def look() -> Finding:
            return Finding.ok(SLACK_APP, "as asked just now") if taken else Finding.fail(SLACK_APP, "as asked just now")

        own = Stores(database, encryptor, clock)
        doctor = Doctor(own, SlackHealth(slack.url), clock, missing=[], beyond=[look()])
        return [(one.well, one.warns, one.sentence) async for one in doctor.examine() if one.subject == SLACK_APP]

    assert await lines(taken=False) == [(False, False, "as asked just now")]
    assert await standing(database) == [("slack_client", "")]
    assert await lines(taken=True) == [
        (True, False, "as asked just now"),
        (
            True, False, "was refused at 2026-11-24 09:00 UTC (bad_client_secret), and is not any more: the alarm is "
            "over, and `app.py serve` needs the same settings",
        ),
    ]  # fmt: skip
    assert await standing(database) == []
    assert await lines(taken=True) == [(True, False, "as asked just now")]


async def test_doctor_has_nobody_install_anew_while_slack_cannot_be_reached(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    await add_workspaces(database, encryptor, clock.now())
    slack.url = "http://127.0.0.1:9/api/"
    found = [one for one in await examine(database, encryptor, slack, clock) if one.subject.startswith("workspace")]
    assert {one.sentence for one in found} == {"cannot be asked, because Slack cannot be reached"}
    assert [one.well for one in found] == [False] * 3


@pytest.mark.parametrize(
    ("status", "error"), few([(500, "internal_error"), (503, "service_unavailable"), (429, "ratelimited")])
)
async def test_doctor_has_nobody_install_anew_while_slack_answers_and_does_nothing(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock, *, status: int, error: str
) -> None:
    await add_workspaces(database, encryptor, clock.now())
    slack.out = (status, error)
    found = {one.subject: one for one in await examine(database, encryptor, slack, clock)}
    assert (found["Slack"].well, found["Slack"].sentence) == (False, f"cannot be reached: {error}")
    assert {found[f"workspace W{number}"].sentence for number in (1, 2, 3)} == {
        "cannot be asked, because Slack cannot be reached"
    }


async def test_doctor_tells_whether_slack_takes_the_bot_token_that_the_operator_gave(slack: Slack) -> None:
    health = SlackHealth(slack.url)
    assert await look_at_bot_token(health, "xoxb-1") == Finding.ok(BOT_TOKEN, "Slack takes SLACK_BOT_TOKEN")
    refused = await look_at_bot_token(health, "xoxb-3")
    assert (refused.well, refused.sentence) == (
        False, "Slack says invalid_auth to SLACK_BOT_TOKEN: let this machine's address into the app's allowed "
        'addresses, if that is what is amiss, or copy it anew from your Slack app\'s page, "OAuth & Permissions"',
    )  # fmt: skip
    slack.out = 500, "internal_error"
    silent = await reached(BOT_TOKEN, look_at_bot_token(health, "xoxb-1"))
    assert (silent.well, silent.sentence) == (False, "cannot be reached: internal_error")


@SQLITE_FIRST
async def test_doctor_counts_who_chose_an_effect_that_they_have_not_allowed(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    await add_workspaces(database, encryptor, clock.now())
    granted = {"U2": scopes.joined(scopes.USER), "U3": scopes.joined([*scopes.USER, "dnd:read", "dnd:write"])}
    async with database.write() as connection:
        for user in ("U2", "U3"):
            await connection.execute(
                sa.insert(PEOPLE).values(
                    team_id="T1", user_id=user, created_at=clock.now(), grant_state="ok", scopes=granted[user]
                )
            )
        for user, effect, hours in (("U1", "dnd", 1), ("U2", "dnd", 1), ("U2", "dnd", 2), ("U3", "dnd", 1),
                                    ("U2", "photo", 1), ("U3", "away", 1)):  # fmt: skip
            start = clock.now() + timedelta(hours=hours)
            await connection.execute(
                sa.insert(STRETCHES).values(
                    team_id="T1", user_id=user, effect=effect, start_at=start, end_at=start + timedelta(minutes=5),
                    ends=True, rule="meeting", photo="",
                )
            )  # fmt: skip
    found = {finding.subject: finding for finding in await examine(database, encryptor, slack, clock)}
    assert (found["effects"].well, found["effects"].warns) == (True, True)
    assert found["effects"].sentence.startswith(
        "1 chose away without allowing users:read,users:write; 1 chose dnd without allowing dnd:read,dnd:write: "
    )


@SQLITE_FIRST
async def test_signing_secret_is_known_to_be_right_from_slacks_first_request_on(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    async def line() -> str:
        doctor = Doctor(Stores(database, encryptor, clock), SlackHealth(slack.url), clock, missing=[], signed=True)
        (found,) = [one.sentence async for one in doctor.examine() if one.subject == "signing secret"]
        return found

    assert await line() == "not seen in use yet: open the app's Home tab in Slack, then ask again"
    async with database.write() as connection:
        await connection.execute(sa.insert(DELIVERIES).values(team_id="T1", delivery_id="E1", seen_at=clock.now()))
    assert await line() == f"was right at {clock.now():%Y-%m-%d %H:%M} UTC, when a request of Slack's came"


async def test_doctor_says_when_the_keys_do_not_open_what_is_stored(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    await add_workspaces(database, Encryptor([new_key()]), clock.now())
    found = await examine(database, encryptor, slack, clock)
    assert [(finding.subject, finding.well) for finding in found] == [
        ("settings", True), ("clock", True), ("database", True), ("keys", False),
    ]  # fmt: skip


@BOTH
async def test_doctor_stops_at_a_database_that_is_not_migrated(
    database: Database, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    async with database.write() as connection:
        await connection.execute(sa.text("DELETE FROM alembic_version"))
    found = await examine(database, encryptor, slack, clock)
    assert found[-1] == Finding.fail("database", f"is at step none, not {schema.head()}: run `app.py migrate`")


async def test_doctor_tells_of_a_database_that_is_newer_than_itself(
    sqlite_url: str, encryptor: Encryptor, slack: Slack, clock: ManualClock
) -> None:
    database = Database(sqlite_url)
    async with database.write() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    found = await examine(database, encryptor, slack, clock)
    assert found[-1].sentence == f"is at step 9999, and this version knows {schema.head()}: install the newer one"
    await database.close()


def test_clock_offset_reads_an_http_date_and_nothing_else() -> None:
    now = datetime(2026, 11, 24, 9, 0, 5, tzinfo=UTC)
    assert clock_offset("Tue, 24 Nov 2026 09:00:00 GMT", now) == timedelta(seconds=5)
    assert clock_offset("yesterday", now) is None
    assert clock_offset(None, now) is None


async def test_client_id_that_no_header_can_carry_is_slacks_to_nobody(slack: Slack) -> None:
    assert await SlackHealth(slack.url).said_of_app("1:2", "x") == "invalid_client_id"
