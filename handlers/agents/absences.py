"""Being out of office, and who else is, asked of by an agent."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from handlers.agents import arguments
from handlers.agents.answers import Answer, Changed, Instant, instant, instant_or_none, untrusted
from handlers.agents.arguments import From, Text, To, UserId
from handlers.agents.asker import Asker
from handlers.agents.statuses import Nothing, nothing_to_do, of_cleared, of_override
from handlers.slack.context import Services
from handlers.slack.views import changes
from handlers.slack.views.who import nobody, not_known, when_of
from services.domain import command_parser, timeline
from services.domain.errors import NothingToDoError
from services.domain.times import fields
from services.store.absences import Absent

MOST_PEOPLE = 500
"""Absences in an answer; how many more there are is counted."""


class SetOutOfOffice(msgspec.Struct, forbid_unknown_fields=True):
    """An absence. It is shown over everything else while it lasts, and those who mention me may be told of it."""

    to: To
    from_: From = msgspec.field(name="from", default="")
    note: Annotated[Text, Meta(description="The status text, in place of the usual one; everybody sees it")] = ""
    stand_in: Annotated[UserId, Meta(description="Who is named in my place to those who mention me")] = ""


class AskWhoIsOut(msgspec.Struct, forbid_unknown_fields=True):
    """Of when it is asked: today where nothing is said, all of the day or week in `from` where `to` is left out."""

    from_: From = msgspec.field(name="from", default="")
    to: To = ""


class AbsentMember(msgspec.Struct):
    """Somebody who is out; `name` is what they call themselves in Slack."""

    name: str
    until: Annotated[
        str,
        Meta(description="The day they are back (`2026-11-30`), or the instant in my zone; null where it is not known"),
    ] | None  # fmt: skip
    begins: (
        Annotated[str, Meta(description="The first day, or the instant in my zone, where they are not out yet")] | None
    )


class Place(msgspec.Struct):
    """Somebody who works at `home`, at the `office` or `elsewhere` for some time."""

    name: str
    place: str
    begins: Instant
    until: Instant | None


class AbsentMembers(Answer):
    """Who is out, and who works where; `more` counts those for whom there is no room."""

    people: list[AbsentMember]
    places: list[Place]
    more: int


async def set_out_of_office(services: Services, asker: Asker, asked: SetOutOfOffice) -> Changed:
    """Be out of office."""
    start, end = fields.away(asked.from_, asked.to, asker.who.speaker)
    note = command_parser.shown(asked.note)
    stand_in = arguments.user_id(asked.stand_in)
    if stand_in:
        await services.who.check_stand_in(asker.key, stand_in)
    made = await services.statuses.out_of_office(
        asker.key, start=start, end=end, note=note, request=asker.request, stand_in=stand_in
    )
    return await of_override(services, asker, made)


async def end_out_of_office(services: Services, asker: Asker, _asked: Nothing) -> Changed:
    """Be back, or not be away after all; that there is no absence is no mistake."""
    try:
        done = await services.statuses.off(asker.key)
    except NothingToDoError as error:
        return await nothing_to_do(services, asker, error)
    return await of_cleared(services, asker, done, changes.back)


async def who_is_out(services: Services, asker: Asker, asked: AskWhoIsOut) -> AbsentMembers:
    """Return who of the workspace is out, as `/quo who` tells it where there is no channel."""
    l10n, speaker = asker.who.l10n, asker.who.speaker
    if asked.from_.strip() or asked.to.strip():
        start, end = fields.period(asked.from_, asked.to, speaker)
    else:
        start, end = timeline.today(speaker.now, speaker.zone)
    found = await services.who.of_channel(asker.key, "", start, end)
    out = [one for one in found.people if not one.place]
    places = [one for one in found.people if one.place]
    if out:
        count = len({one.user_id for one in out})
        sentence = l10n.say("Who is out, {when}: {count}", when=when_of(l10n, found), count=count)
    else:
        sentence = nobody(l10n, found)
    return AbsentMembers(
        sentence=" ".join(filter(None, (sentence, not_known(l10n, found)))),
        people=[_person(asker, one) for one in out[:MOST_PEOPLE]],
        places=[
            Place(untrusted(one.name), one.place, instant(asker, one.start), instant_or_none(asker, one.until))
            for one in places[:MOST_PEOPLE]
        ],
        more=max(0, len(out) - MOST_PEOPLE) + max(0, len(places) - MOST_PEOPLE),
    )


def _person(asker: Asker, one: Absent) -> AbsentMember:
    """Return a day of theirs as it is, never converted; an instant in the zone of who asks."""
    until = instant_or_none(asker, one.until) if one.return_day is None else one.return_day.isoformat()
    begins = None
    if one.start > asker.who.speaker.now:
        begins = instant(asker, one.start) if one.first_day is None else one.first_day.isoformat()
    return AbsentMember(untrusted(one.name), until, begins)
