"""`app.py doctor`: is everything in place? One finding a line, each with what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from services.domain import faults
from services.domain.errors import SlackRefusedError, SlackUnavailableError, StatusQuoError
from services.domain.faults import OperatorFault, StandingFault
from services.domain.model import Effect
from services.ports import Clock
from services.slack import scopes
from services.slack.client import SlackHealth
from services.store.health import HealthStore
from services.store.stores import Stores
from services.usecases.credentials import SLACK_APP
from services.usecases.findings import SECONDS, Finding, in_time

_SILENT = "check DATABASE_URL; a file of SQLite's another process may have to itself, as `app.py move` does"
_ROOM = "make room on its disk, or let this user write to its file and folder; what waits is written by itself then"

AT_ONCE = 20
"""Workspaces whose tokens are asked for at the same time."""

CLOCK_TOLERANCE = timedelta(seconds=30)
"""Slack refuses nothing for a wrong clock, but a status is then as late as the clock; signatures allow 5 minutes."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at everything once. `missing` are the settings that serving needs and that are not set.

    `stores` are None where there is no database, of which `absent` is said: none is made by looking. `around` are looks
    at what the program stands on, `beyond` at what it reaches, each bounded in time by itself; `signed`: Slack's
    requests come by HTTP, signed.
    """

    stores: Stores | None
    slack: SlackHealth
    clock: Clock
    missing: Sequence[str]
    around: Sequence[Finding] = ()
    beyond: Sequence[Coroutine[Any, Any, Finding]] = ()
    signed: bool = False
    absent: str = ""

    async def examine(self) -> AsyncIterator[Finding]:
        """Yield every finding, in an order that lets an operator mend the first one first."""
        if self.missing:
            yield Finding.fail("settings", "not set: " + "; ".join(self.missing))
        else:
            yield Finding.ok("settings", "complete")
        for finding in self.around:
            yield finding
        reached = await asyncio.gather(in_time("Slack", self._clock_and_reach()), *self.beyond)
        for finding in reached:
            yield finding
        if self.stores is None:
            yield Finding.fail("database", self.absent)
            return
        async for finding in self._stored(self.stores, reached):
            yield finding

    async def _stored(self, stores: Stores, reached: Sequence[Finding]) -> AsyncIterator[Finding]:
        """Yield what the database tells, as far as it can be read; `reached` is what was found beyond this machine."""
        database = stores.health
        revision = await self._revision(database)
        yield revision
        if not revision.well:
            return
        try:
            bots = await database.bots()
        except StatusQuoError as error:
            yield Finding.fail("keys", error.for_operator())
            return
        yield Finding.ok("keys", "open what is stored" if bots else "ready, nothing is stored yet")
        if self.signed:
            yield await self._signing_secret(database)
        health = await database.health()
        counts = f"people: {health.people}, calendars: {health.calendars}"
        if health.broken or health.lost_grants:
            counts += f"; {health.broken} cannot be read and {health.lost_grants} permissions are lost: "
            yield Finding.warn("calendars", counts + "their people were told how to mend it")
        else:
            yield Finding.ok("calendars", counts)
        yield await self._scopes_of_effects(database)
        names = {team_id: f"workspace {name or team_id}" for team_id, name, _ in bots}
        said = {finding.subject: finding.well for finding in reached if not finding.warns}
        for finding in _of_faults(health.faults, names, said):
            yield finding
        if said.get(SLACK_APP):  # a look has just found that Slack takes our app
            await stores.faults.look()
            await stores.faults.over(OperatorFault.SLACK_CLIENT)
        shut = {one.team_id for one in health.faults if one.fault.of_workspace}
        asked = [(names[team_id], token) for team_id, _, token in bots if team_id not in shut]
        for finding in await self._workspaces(asked, silent=reached[0].subject == "Slack"):
            yield finding

    async def _revision(self, database: HealthStore) -> Finding:
        try:
            async with asyncio.timeout(SECONDS):
                at, newest = await database.revision()
        except TimeoutError:
            return Finding.fail("database", f"does not answer within {SECONDS:.0f} s: {_SILENT}")
        except StatusQuoError as error:
            return Finding.fail("database", f"{error.sentence()} ({error.reason})")
        if at is not None and at > newest:
            return Finding.fail("database", f"is at step {at}, and this version knows {newest}: install the newer one")
        if at != newest:
            return Finding.fail("database", f"is at step {at or 'none'}, not {newest}: run `app.py migrate`")
        reason, drift = await database.not_written(), await database.drift()
        if reason or drift:
            differs = f"its tables differ from those of this version in {len(drift)} places: {drift[:1]}"
            return Finding.fail("database", f"can be read and not written ({reason}): {_ROOM}" if reason else differs)
        return Finding.ok("database", f"up to date at step {at}")

    async def _clock_and_reach(self) -> Finding:
        try:
            headers = await self.slack.headers_of("api.test", None)
        except SlackRefusedError:
            headers = {}  # whoever says no can be reached
        except StatusQuoError as error:
            return Finding.fail("Slack", f"cannot be reached: {error.reason}")
        off = clock_offset(headers.get("date"), self.clock.now())
        if off is None:
            return Finding.ok("clock", "Slack answers, without saying what time it is")
        if abs(off) > CLOCK_TOLERANCE:
            seconds = round(off.total_seconds())
            return Finding.fail("clock", f"is {seconds:+} s off Slack's: let the machine keep its time with NTP")
        return Finding.ok("clock", "agrees with Slack's")

    async def _signing_secret(self, database: HealthStore) -> Finding:
        """Only a request that Slack has signed shows whether it is right."""
        last = await database.last_delivery()
        if last is None:
            return Finding.ok("signing secret", "not seen in use yet: open the app's Home tab in Slack, then ask again")
        return Finding.ok("signing secret", f"was right at {last:%Y-%m-%d %H:%M} UTC, when a request of Slack's came")

    async def _scopes_of_effects(self, database: HealthStore) -> Finding:
        """Return who chose an effect of their list that they have not allowed: each is asked for it on their Home tab.

        What the app's manifest at Slack asks for cannot be read with the tokens that there are.
        """
        lacking: dict[Effect, int] = {}
        for name, granted, people in await database.effects_chosen():
            effect = Effect(name)
            if not scopes.FOR_EFFECT[effect] <= scopes.parse(granted):
                lacking[effect] = lacking.get(effect, 0) + people
        if not lacking:
            return Finding.ok("effects", "everybody has allowed what their effects need")
        said = "; ".join(
            f"{count} chose {effect.value} without allowing {scopes.joined(scopes.FOR_EFFECT[effect])}"
            for effect, count in sorted(lacking.items())
        )
        cure = "their Home tab asks for it. If Slack then refuses, paste the manifest anew (docs/operate.md)"
        return Finding.warn("effects", f"{said}: {cure}")

    async def _workspaces(self, asked: Sequence[tuple[str, str | None]], *, silent: bool) -> Sequence[Finding]:
        """Return one of each, by its name and its bot's token. `silent`: Slack is, which each would find out anew."""
        room = asyncio.Semaphore(AT_ONCE)

        async def look(name: str, token: str | None) -> Finding:
            async with room:
                return await in_time(name, self._workspace(name, token, silent=silent))

        return await asyncio.gather(*(look(name, token) for name, token in asked))

    async def _workspace(self, subject: str, token: str | None, *, silent: bool) -> Finding:
        if token is None:
            return Finding.fail(subject, "has no bot token: install it again at /slack/install")
        if silent:
            return Finding.fail(subject, "cannot be asked, because Slack cannot be reached")
        try:
            headers = await self.slack.headers_of("auth.test", token)
        except SlackUnavailableError as error:
            return Finding.fail(subject, f"cannot be asked, because Slack cannot be reached: {error.reason}")
        except StatusQuoError as error:
            cure = "install it again at /slack/install"
            if error.reason in faults.IN_DOUBT:
                cure = (
                    f"let this machine's address into the app's allowed addresses, if that is what is amiss, or {cure}"
                )
            return Finding.fail(subject, f"Slack says {error.reason}: {cure}")
        granted = scopes.parse(headers.get("x-oauth-scopes"))
        lacking = sorted(set(scopes.BOT) - scopes.COMFORTS - granted)
        if lacking:
            return Finding.fail(subject, f"lacks {', '.join(lacking)}: install it again at /slack/install")
        spare = sorted(set(scopes.BOT_OPTIONAL) - granted)
        more = f"; not asked for yet: {', '.join(spare)} (docs/admin.md says what for)" if spare else ""
        return Finding.ok(subject, "scopes as in manifest.yml" + more)


def _of_faults(
    standing: Sequence[StandingFault], names: Mapping[str, str], said: Mapping[str, bool]
) -> Iterator[Finding]:
    """Yield a line for each fault that was met; none where a look has just `said` that a client is refused.

    Slack's client is mended where the look was told that it is taken. (Google and Microsoft may take a client and
    refuse it the API.) `names` are what workspaces are called, by id.
    """
    for one in standing:
        subject = SLACK_APP if one.fault is OperatorFault.SLACK_CLIENT else names.get(one.team_id, one.fault.named)
        alone = one.fault.of_workspace or not one.team_id
        if one.fault is OperatorFault.SLACK_CLIENT and said.get(subject):
            if alone:
                was = f"was refused at {one.seen_at:%Y-%m-%d %H:%M} UTC ({one.detail}), and is not any more"
                yield Finding.ok(subject, f"{was}: the alarm is over, and `app.py serve` needs the same settings")
        elif alone and not (one.fault.kind == "client" and said.get(subject) is False):
            yield Finding.fail(subject, faults.sentence(one))


def clock_offset(date: str | None, now: datetime) -> timedelta | None:
    """Return how far `now` is ahead of an HTTP Date header (RFC 9110 §6.6.1); None where it says nothing readable."""
    if not date:
        return None
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    return now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
