"""People as both databases keep them: found, taken in, followed, exported."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from services.domain.absences import Absence
from services.domain.asks import Ask, AskedAbsence, AskedLine, AskedStatus
from services.domain.calendars import Changes, Offer
from services.domain.decisions import Action, Standing
from services.domain.host_limits import HostLimits
from services.domain.lines import Match, Rule, put
from services.domain.model import Effect, Event, Kind, Look, Override, PersonKey, Span, Status, WallTimes
from services.domain.operator_errors import SealError
from services.domain.people import GrantState, Member, OAuthAnswer, Tokens
from services.domain.profile_state import AuditEntry, ProfileState
from services.domain.reasons import Reason, ReasonCode
from services.platform.crypto import Encryptor
from services.store.absence_rows import ResolvedAbsences, replace_absences
from services.store.calendar_tables import EVENTS
from services.store.db import Database
from services.store.due import ProfileStateStore
from services.store.events import EventStore
from services.store.people import Grant
from services.store.stores import Stores
from services.store.tables import ASKS, PEOPLE
from services.store.timeline import SpanStore
from tests.support.clocks import ManualClock
from tests.support.stored_calendars import replace

ANN, BOB = PersonKey("T1", "U1"), PersonKey("T1", "U2")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BERLIN = Member(zone="Europe/Berlin", locale="de-DE", address="ann@example.com")
TOKENS = Tokens("xoxp-1", frozenset({"users.profile:write", "users.profile:read"}))


def installed(team: str, *, org: str = "", org_wide: bool = False) -> OAuthAnswer:
    return OAuthAnswer(
        "" if org_wide else team, org, org_wide, f"Name of {team}", "A1", "U1", "UBOT", bot=Tokens(f"xoxb-{team}")
    )


@pytest.fixture
async def stores(database: Database, encryptor: Encryptor, clock: ManualClock) -> Stores:
    """Two people in T1, of whom Ann has granted; T2 and the org E1 are installed too."""
    found = Stores(database, encryptor, clock)
    for answer in (installed("T1"), installed("T2"), installed("E1", org="E1", org_wide=True)):
        await found.workspaces.install(answer, clock.now())
    await found.people.grant(ANN, TOKENS, BERLIN, clock.now())
    await found.people.add(BOB, Member(), clock.now())
    return found


@pytest.mark.parametrize(
    ("team", "org", "user", "expected"),
    [
        ("T1", "", "U1", ANN),
        ("T1", "E1", "U1", ANN),
        ("T2", "", "U1", None),
        ("T1", "", "U404", None),
        ("T1", "", "", None),
        ("", "", "U1", None),
        ("T7", "E1", "W1", PersonKey("E1", "W1")),
        ("", "E1", "W1", PersonKey("E1", "W1")),
        ("T7", "E2", "W1", None),
    ],
)
async def test_person_is_found_under_their_team_or_their_org(
    stores: Stores, clock: ManualClock, team: str, org: str, *, user: str, expected: PersonKey | None
) -> None:
    await stores.people.add(PersonKey("E1", "W1"), Member(), clock.now())
    assert await stores.people.find(team, org, user) == expected


async def test_person_who_is_known_twice_is_the_teams(stores: Stores, clock: ManualClock) -> None:
    await stores.people.add(PersonKey("E1", "U1"), Member(), clock.now())
    assert await stores.people.find("T1", "E1", "U1") == ANN


async def test_view_of_somebody_new_has_the_defaults(stores: Stores, clock: ManualClock) -> None:
    view = await stores.people.get(BOB)
    assert view is not None
    assert (view.zone, view.locale, view.grant_state, view.pause, view.created_at) == (
        ZoneInfo("UTC"), "en-US", GrantState.NONE, None, clock.now(),
    )  # fmt: skip
    assert await stores.people.get(PersonKey("T1", "U404")) is None


async def test_person_who_is_added_again_stays_as_they_are(stores: Stores, clock: ManualClock) -> None:
    clock.move(hours=1)
    await stores.people.add(ANN, Member("Asia/Tokyo", "ja-JP"), clock.now())
    view = await stores.people.get(ANN)
    assert view is not None
    assert (view.zone.key, view.locale, view.granted) == ("Europe/Berlin", "de-DE", True)


async def test_new_grant_keeps_what_is_remembered_of_the_profile(
    stores: Stores, database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    profile_states = ProfileStateStore(encryptor)
    memory = ProfileState(Standing(covered=Status("Reading", ":book:")))
    async with database.write() as connection:
        await profile_states.save(connection, ANN, memory)
    await stores.people.grant(ANN, Tokens("xoxp-2"), Member(), clock.now())
    async with database.read() as connection:
        assert await profile_states.load(connection, ANN) == memory
    assert await stores.people.the_grant(ANN) == Grant("xoxp-2", clock.now())


async def test_grant_is_lost_only_where_it_is_the_one_that_was_meant(stores: Stores, clock: ManualClock) -> None:
    first = clock.now()
    await stores.people.grant(ANN, Tokens("xoxp-2"), Member(), clock.move(minutes=1))
    assert await stores.people.lose_grant(ANN, first, clock.now()) is False
    assert await stores.people.lose_grant(ANN, clock.now(), clock.now()) is True
    assert await stores.people.the_grant(ANN) is None


async def test_token_moved_to_another_persons_row_does_not_open(stores: Stores, database: Database) -> None:
    async with database.write() as connection:
        sealed = await connection.scalar(sa.select(PEOPLE.c.token).where(PEOPLE.c.user_id == "U1"))
        await connection.execute(
            sa.update(PEOPLE)
            .where(PEOPLE.c.user_id == "U2")
            .values(token=sealed, granted_at=datetime(2026, 1, 1, tzinfo=UTC))
        )
    with pytest.raises(SealError):
        await stores.people.the_grant(BOB)


async def test_all_day_event_follows_its_person_to_another_zone(
    stores: Stores, database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    calendar_id = await stores.calendars.add(ANN, "ics", "https://a.example/x.ics", "a.example", clock.now())
    day = datetime(2026, 12, 24, tzinfo=UTC)
    wall = WallTimes(datetime(2026, 12, 24), datetime(2026, 12, 25))
    event = Event(calendar_id, "u", day, day + timedelta(days=1), all_day=True, wall=wall).placed(
        ZoneInfo("Europe/Berlin")
    )
    async with database.write() as connection:
        await replace(EventStore(database, encryptor), connection, ANN, calendar_id, Changes(events=(event,)))
        await connection.execute(sa.update(PEOPLE).values(due_at=None, stale=False))
    clock.move(hours=1)
    assert await stores.people.move(ANN, Member("Europe/Berlin"), clock.now(), clock.now()) is False
    assert await stores.people.move(ANN, Member("Asia/Tokyo"), clock.now(), clock.now()) is True
    async with database.read() as connection:
        start = await connection.scalar(sa.select(EVENTS.c.start_at))
        due = (
            await connection.execute(sa.select(PEOPLE.c.due_at, PEOPLE.c.stale).where(PEOPLE.c.user_id == "U1"))
        ).one()
    assert start == datetime(2026, 12, 23, 15, tzinfo=UTC)
    assert tuple(due) == (clock.now(), True)


async def test_names_of_a_person_are_kept_sealed_and_followed(stores: Stores, clock: ManualClock) -> None:
    now = clock.now()
    for names in (("Ann Lee", "ann"), ("Ann Smith",)):
        assert await stores.people.move(ANN, Member(names=names), now, now) is True
        assert await stores.people.move(ANN, Member(names=names), now, now) is False
        assert await stores.people.move(ANN, Member(), now, now) is False
        facts = (await stores.facts.load([ANN], now, now + timedelta(days=1)))[ANN]
        assert (facts.names, "Ann" in repr(facts)) == (names, False)
    assert (await stores.export.export(ANN))["names"] == ["Ann Smith"]


async def test_domains_of_a_person_are_those_of_their_address_and_follow_it(stores: Stores, clock: ManualClock) -> None:
    now = clock.now()
    for address in ("ann@Corp.example", "ann@new.example"):
        assert await stores.people.move(ANN, Member(address=address), now, now) is True
        assert await stores.people.move(ANN, Member(address=address), now, now) is False
        assert await stores.people.move(ANN, Member(), now, now) is False
        facts = (await stores.facts.load([ANN, BOB], now, now + timedelta(days=1)))[ANN]
        assert (facts.domains, "example" in repr(facts)) == ({address.lower().partition("@")[2]}, False)
    assert (await stores.export.export(ANN))["addresses"] == ["ann@new.example"]


async def test_domains_of_connected_accounts_are_ones_own_but_for_those_where_anybody_has_a_mailbox(
    stores: Stores, database: Database, clock: ManualClock
) -> None:
    now = clock.now()
    async with database.write() as connection:
        await connection.execute(sa.update(PEOPLE).values(stale=False))
    for provider, subject in (
        ("google", "ann@corp.example"), ("microsoft", "ann@eu.corp.example"), ("google", "ann.private@gmail.com"),
        ("caldav", "https://dav.example/principals/ann@dav.example/"),
    ):  # fmt: skip
        for key in (ANN, BOB):
            await stores.accounts.connect(key, provider, Offer(subject, "Mine", ()), {"refresh_token": "x"}, now)

    async with database.read() as connection:  # who is inside may have changed
        assert (await connection.scalars(sa.select(PEOPLE.c.stale))).all() == [True, True]
    own = {"corp.example", "eu.corp.example"}
    found = await stores.facts.load([ANN, BOB], now, now + timedelta(1))
    assert {key: set(facts.domains) for key, facts in found.items()} == {ANN: {"example.com", *own}, BOB: own}
    assert (await stores.facts.load([BOB], now, now + timedelta(1)))[BOB].domains == own


async def test_microsofts_mailbox_is_an_address_of_the_persons_own(stores: Stores, clock: ManualClock) -> None:
    now, places = clock.now(), HostLimits(100, 100, 101, kept=0)
    for provider, subject in (("google", "ann@corp.example"), ("microsoft", "ann.lee@corp.example")):
        account, _ = await stores.accounts.connect(ANN, provider, Offer(subject, "Mine", ()), {"token": "x"}, now)
        await stores.calendars.add(ANN, provider, "main", f"{provider}.example", now, account_id=account)
    found = {one.connection.provider: one.connection for one in await stores.calendars.claim(now, now, places)}
    assert {provider: connection.addresses for provider, connection in found.items()} == {
        "google": ("ann@example.com",),
        "microsoft": ("ann@example.com", "ann.lee@corp.example"),
    }
    assert all(connection.credentials == {} for connection in found.values())


async def test_ask_of_somebody_is_the_newest_and_taken_once(stores: Stores, clock: ManualClock) -> None:
    assert await stores.people.take_ask(BOB) is None
    await stores.people.ask(BOB, AskedStatus("Lunch", ":pizza:", clock.now(), None), clock.now())
    await stores.people.ask(BOB, AskedLine("/quo", "pause 2h"), clock.now())
    assert await stores.people.take_ask(ANN) is None
    assert await stores.people.take_ask(BOB) == (AskedLine("/quo", "pause 2h"), clock.now())
    assert await stores.people.take_ask(BOB) is None


@pytest.mark.parametrize(
    "ask",
    [
        AskedStatus("Tea\n{} \ud83d", "", NOON, None),
        AskedStatus("Tea", ":tea:", NOON, NOON + timedelta(hours=1), frozenset({Effect.AWAY, Effect.DND})),
        AskedAbsence("", NOON, None),
        AskedAbsence("bis Freitag 🏖", NOON, NOON + timedelta(days=3), "U9", in_calendar=True),
    ],
)
async def test_ask_of_somebody_is_kept_in_its_parts(stores: Stores, clock: ManualClock, ask: Ask) -> None:
    await stores.people.ask(BOB, ask, clock.now())
    assert await stores.people.take_ask(BOB) == (ask, clock.now())


@pytest.mark.parametrize(
    "ask",
    [
        AskedStatus("Tea", ":tea:", NOON, None, frozenset({Effect.AWAY})),
        AskedStatus("誰が休み", "", NOON, None),
        AskedAbsence("bis Freitag", NOON, None, "U9", in_calendar=True),
    ],
)
async def test_process_of_an_earlier_release_sets_nothing_of_what_it_cannot_read(
    stores: Stores, database: Database, encryptor: Encryptor, clock: ManualClock, ask: Ask
) -> None:
    """It goes on while replicas are updated. All that is not of `/ooo` is to it a line behind `/quo`.

    Below the line it knew JSON with both `effects` and `stand_in`; anything else was part of the line.
    """
    await stores.people.ask(BOB, ask, clock.now())
    row = await database.fetch_one(sa.select(ASKS))
    assert row is not None
    line = encryptor.open(row.content, "asks.content", "T1", "U2") or ""
    beside = json.loads(line.rpartition("\n")[2])
    first, more = line.split(maxsplit=1)
    assert {"effects", "stand_in"} - beside.keys()
    assert (row.command == "/ooo", first, bool(more)) == (False, "help", True)  # which it answers with its usage


async def test_export_names_the_effects_of_an_ask_in_order(stores: Stores, clock: ManualClock) -> None:
    await stores.people.ask(BOB, AskedStatus("Tea", "", NOON, None, frozenset(Effect)), clock.now())
    (ask,) = (await stores.export.export(BOB))["asks"]
    assert ask["effects"] == sorted(Effect)


async def test_export_of_a_stranger_is_empty(stores: Stores) -> None:
    assert await stores.export.export(PersonKey("T1", "U404")) == {}


async def test_export_holds_everything_of_the_person_and_nothing_that_gives_access(
    stores: Stores, database: Database, encryptor: Encryptor, clock: ManualClock
) -> None:
    now = clock.now()
    hour = timedelta(hours=1)
    calendar_id = await stores.calendars.add(ANN, "ics", "https://a.example/secret-path.ics", "a.example", now)
    event = Event(calendar_id, "uid-1", now, now + hour, title="Salary talk", location="Room 4")
    status = Status("In a meeting", ":spiral_calendar_pad:", now + hour)
    reason = Reason(ReasonCode.EVENT, "meeting", now + hour)
    async with database.write() as connection:
        await replace(EventStore(database, encryptor), connection, ANN, calendar_id, Changes(events=(event,)))
        span = Span(now, now + hour, status, "meeting", reason, uid="uid-1", title="Salary talk")
        await SpanStore(encryptor).replace(connection, {ANN: [span]})
        await ProfileStateStore(encryptor).save(
            connection, ANN, ProfileState(Standing(covered=Status("Reading", ":book:")))
        )
        away = Absence("a", Kind.OUT_OF_OFFICE, now, now + hour, return_day=date(2026, 11, 25), told_ahead=True)
        await replace_absences(connection, {ANN: ResolvedAbsences(now, [away])}, now)
        entry = AuditEntry(now, Action.WRITE, reason, "done", "meeting", "uid-1", status)
        await stores.writes.add(connection, (ANN, entry))
    await stores.overrides.add(ANN, Override("1.1", now, now + hour, now, text="Lunch", emoji=":pizza:"), now)
    await stores.lines.change(
        ANN, now, partial(put, line=Rule("r1", "Talks", Match(title_words=("salary",)), Look("Talking")))
    )
    await stores.pictures.put_own(ANN, b"a picture", now)
    await stores.people.ask(ANN, AskedAbsence("Surgery", now, now + hour, "U9"), now)
    await stores.people.ask(BOB, AskedLine("/quo", "pause 2h"), now)
    found = json.loads(json.dumps(await stores.export.export(ANN)))
    start, end = "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"
    assert {name: found[name] for name in ("team_id", "user_id", "zone", "locale", "addresses", "grant", "pause")} == {
        "team_id": "T1",
        "user_id": "U1",
        "zone": "Europe/Berlin",
        "locale": "de-DE",
        "addresses": ["ann@example.com"],
        "grant": {"state": "ok", "since": start, "scopes": "users.profile:read,users.profile:write"},
        "pause": None,
    }
    shown = {"text": "In a meeting", "emoji": ":spiral_calendar_pad:", "expiration": end}
    assert [(one["title"], one["location"], one["start"], one["end"]) for one in found["events"]] == [
        ("Salary talk", "Room 4", start, end)
    ]
    assert [(one["status"], one["title"]) for one in found["spans"]] == [(shown, "Salary talk")]
    assert [(one["end"], one["return_day"], one["told_ahead"]) for one in found["absences"]] == [
        (end, "2026-11-25", True)
    ]
    assert found["preferences"].get("share_absences", True)
    assert [(one["status"], one["action"], one["outcome"]) for one in found["writes"]] == [(shown, "write", "done")]
    assert [(one["text"], one["emoji"], one["end"]) for one in found["overrides"]] == [("Lunch", ":pizza:", end)]
    assert [(one["provider"], one["host"]) for one in found["calendars"]] == [("ics", "a.example")]
    assert [one["name"] for one in found["rules"]["lines"]] == ["Talks", "", "", "", ""]
    assert found["profile"]["covered"]["text"] == "Reading"
    assert [one["subject"] for one in found["notices"]] == ["welcome"]
    assert [(one["picture_id"], base64.b64decode(one["content"])) for one in found["pictures"]] == [
        ("own", b"a picture")
    ]
    assert found["asks"] == [
        {
            "note": "Surgery",
            "start": start,
            "end": end,
            "stand_in": "U9",
            "in_calendar": False,
            "asked_at": start,
        }
    ]
    whole = json.dumps(found)
    assert [secret for secret in ("secret-path", "xoxp", "xoxb") if secret in whole] == []
    of_bob = await stores.export.export(BOB)
    assert of_bob["events"] == []
    assert [(one["command"], one["text"]) for one in of_bob["asks"]] == [("/quo", "pause 2h")]
