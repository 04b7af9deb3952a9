"""Who is out, and until when: a message, and a modal with pages where a message has no room for all. Pure builders.

Names are plain text: a mention would notify whoever is named. No line is cut; what there is no room for is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from handlers.slack.views import blocks as kit
from services.domain.text import escape
from services.platform.locale import Localizer
from services.usecases.absence_lines import absence_line, place_line
from services.usecases.who import AHEAD, Out, ToldOf

WHO, SHOW_ALL, BEFORE, AFTER = "who", "who_all", "who_before", "who_after"
"""The modal, and the buttons that open it and turn its pages."""

_SECTIONS, _SECTIONS_OF_A_PAGE = 5, 12
_MOST_AT_HOME = 15
_LONGEST_SECTION = 2_900
_LONGEST_TEXT = 3_000
_DAY = timedelta(days=1)

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WhoQuery:
    """What was asked: `[start, end)` of a channel, or of the workspace where `channel_id` is ""."""

    start: datetime
    end: datetime
    channel_id: str = ""

    def to_text(self) -> str:
        """Return it as a text that a button or a modal brings back."""
        return json.dumps([self.start.isoformat(), self.end.isoformat(), self.channel_id])

    @classmethod
    def of(cls, text: str) -> WhoQuery:
        """Return the one in such a text. Raises ValueError for another one."""
        try:
            start, end, channel_id = json.loads(text)
            return cls(datetime.fromisoformat(start), datetime.fromisoformat(end), str(channel_id))
        except (TypeError, AttributeError) as error:
            raise ValueError("no question") from error


def message(l10n: Localizer, found: Out) -> Reply:
    """Return the answer to `/quo who`: as many as fit, and a button that shows the rest."""
    heading, pages = _heading(l10n, found), _pages(_lines(l10n, found), _SECTIONS)
    first, left = pages[0], sum(len(section) for page in pages[1:] for section in page)
    blocks = [kit.section(heading), *(kit.section("\n".join(section)) for section in first)]
    lines = [heading, *(line for section in first for line in section)]
    if left:
        more = l10n.say("… and {count} more.", count=left)
        lines.append(more)
        query = WhoQuery(found.start, found.end, found.channel_id)
        show = kit.button(l10n.say("Show all"), SHOW_ALL, value=query.to_text())
        blocks += [kit.section(more), kit.actions(show)]
    blocks += [kit.context(sentence) for sentence in _notes(l10n, found)]
    return {"response_type": "ephemeral", "text": _whole_lines(lines), "blocks": blocks}


def modal(l10n: Localizer, found: Out, page: int = 0) -> kit.Block:
    """Everybody, a page at a time; a page that is not there any more is the last one."""
    pages = _pages(_lines(l10n, found), _SECTIONS_OF_A_PAGE)
    page = max(0, min(page, len(pages) - 1))
    blocks = [kit.section(_heading(l10n, found)), *(kit.section("\n".join(section)) for section in pages[page])]
    turn = []
    if page:
        turn.append(kit.button(l10n.say("Previous page"), BEFORE, value=str(page - 1)))
    if page + 1 < len(pages):
        turn.append(kit.button(l10n.say("Next page"), AFTER, value=str(page + 1)))
    if turn:
        where = l10n.say("Page {number} of {count}", number=page + 1, count=len(pages))
        blocks += [kit.context(where), kit.actions(*turn)]
    blocks += [kit.context(sentence) for sentence in _notes(l10n, found)]
    query = WhoQuery(found.start, found.end, found.channel_id)
    return kit.modal(WHO, l10n.say("Who is out"), blocks, close=l10n.say("Close"), metadata=query.to_text())


def failed(l10n: Localizer, sentence: str) -> kit.Block:
    """Return the modal that says why nobody is told."""
    return kit.modal(WHO, l10n.say("Who is out"), [kit.section(sentence)], close=l10n.say("Close"))


def of_person(l10n: Localizer, found: Out, name: str) -> Reply:
    """Return the answer about one member, who was called `name` (plain; "" where that is not known)."""
    lines = _lines(l10n, found)
    if not lines and name:
        lines = [l10n.say("{person} is not out, as far as I know.", person=escape(name))]
    elif not lines:
        lines = [l10n.say("They are not out, as far as I know.")]
    sections = _pages(lines, _SECTIONS)[0]
    blocks = [kit.section("\n".join(section)) for section in sections]
    return {
        "response_type": "ephemeral",
        "text": _whole_lines([line for section in sections for line in section]),
        "blocks": blocks,
    }


def team(l10n: Localizer, found: Out) -> list[kit.Block]:
    """Return who of the workspace is out today, for the Home tab, three blocks at most; none where nobody is."""
    lines = _lines(l10n, found)
    if not lines:
        return []
    (shown, *_) = _pages(lines[:_MOST_AT_HOME], 1)[0]
    blocks = [kit.header(l10n.say("Your colleagues today")), kit.section("\n".join(shown))]
    if left := len(lines) - len(shown):
        show = kit.button(l10n.say("Show all"), SHOW_ALL, value=WhoQuery(found.start, found.end).to_text())
        blocks.append(kit.section(l10n.say("… and {count} more.", count=left), show))
    return blocks


def _heading(l10n: Localizer, found: Out) -> str:
    """Of when the answer is, and that nobody is out, where that is so."""
    if any(not one.place for one in found.people):
        return l10n.say("*Who is out: {when}*", when=when_of(l10n, found))
    return nobody(l10n, found)


def nobody(l10n: Localizer, found: Out) -> str:
    """Say that nobody is out then."""
    when = when_of(l10n, found)
    if when == l10n.say("today"):
        return l10n.say("Nobody is out, as far as I know.")
    return l10n.say("Nobody is out, as far as I know: {when}", when=when)


def when_of(l10n: Localizer, found: Out) -> str:
    """Of which day, or days, it is told."""
    first, last = found.start.astimezone(l10n.zone), (found.end - timedelta.resolution).astimezone(l10n.zone)
    today = found.at.astimezone(l10n.zone).date()
    if first.date() == last.date():
        return l10n.say("today") if first.date() == today else l10n.day(first.date(), today)
    return f"{l10n.day(first.date(), today)} – {l10n.day(last.date(), today)}"


def _notes(l10n: Localizer, found: Out) -> Iterator[str]:
    """Of whom the answer tells, and how far it reaches."""
    match found.whose:
        case ToldOf.CHANNEL:
            yield l10n.say("Of the members of this channel.")
        case ToldOf.WORKSPACE:
            yield l10n.say("Of the whole workspace.")
        case ToldOf.NOT_ALLOWED:
            yield l10n.say(
                "Of the whole workspace: to tell who is in a channel I need a permission that a workspace admin gives."
            )
        case ToldOf.NOT_SEEN:
            yield l10n.say("Of the whole workspace: I cannot see who is in this channel. Invite me to it.")
    if far := not_known(l10n, found):
        yield far


def not_known(l10n: Localizer, found: Out) -> str:
    """Return how far absences are known, where more was asked for; else ""."""
    if found.end <= found.at + AHEAD:
        return ""
    today = found.at.astimezone(l10n.zone).date()
    return l10n.say("I know of absences until {day}.", day=l10n.day(today + AHEAD, today))


def _lines(l10n: Localizer, found: Out) -> list[str]:
    """Return a line for each absence; then, apart, one for each person and place of those who tell where they work."""
    now, today = found.at, found.at.astimezone(l10n.zone).date()
    lines = ["• " + escape(absence_line(l10n, one, now)) for one in found.people if not one.place]
    days: dict[tuple[str, str], set[date]] = {}
    for one in found.people:
        if one.place:
            day = one.first_day or max(one.start, found.start).astimezone(l10n.zone).date()
            days.setdefault((one.user_id, place_line(l10n, one)), set()).add(day)
    places = []
    for (_, line), theirs in days.items():
        listed = ", ".join(l10n.day(day, today) for day in sorted(theirs))
        places.append("• " + escape(line) + (f" ({listed})" if found.end - found.start > _DAY else ""))
    if places:
        places[0] = f"*{l10n.say('Where they work')}*\n{places[0]}"
    return lines + places


def _pages(lines: Sequence[str], sections: int) -> list[list[list[str]]]:
    """Whole lines in sections as long as Slack takes them, so many to a page; one page at least."""
    pages: list[list[list[str]]] = [[]]
    room = 0
    for line in lines:
        if len(line) + 1 > room:
            if len(pages[-1]) == sections:
                pages.append([])
            pages[-1].append([])
            room = _LONGEST_SECTION
        pages[-1][-1].append(line)
        room -= len(line) + 1
    return pages


def _whole_lines(lines: Sequence[str]) -> str:
    """As many of the lines as the text of a message takes, for notifications and screen readers."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > _LONGEST_TEXT:
            break
        text += f"{line}\n"
    return text.rstrip()
