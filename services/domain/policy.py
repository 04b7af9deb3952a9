"""What a workspace allows its members, and what it fixes for them: the floor below all that they choose. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from services.domain.errors import InputError
from services.domain.lines import Line, Routine
from services.domain.model import Effect, Kind, Look, Override

OF_POLICY = frozenset({Effect.DND, Effect.AWAY, Effect.PHOTO})
"""The effects that are allowed one by one; replies are by themselves."""

MOST_LEAVE_TYPES, LONGEST_LEAVE_TYPE = 40, 60
"""Types of leave that a workspace can add, and characters of one: all of them fit into one field of a form."""


class Freedom(StrEnum):
    """What members may change: their texts and emoji, rules and routines of their own, digests."""

    TEXTS = "texts"
    RULES = "rules"
    DIGESTS = "digests"


class FixedError(InputError):
    """Your workspace has fixed this for everybody. A workspace admin can change it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a workspace allows and fixes; the defaults are those of a workspace whose admins changed nothing.

    `looks` are fixed texts and emoji, each by itself: None leaves it to the person. `leave_types` are added to the
    types of leave that are known anyway. `set_by` is who set it last, `set_at` when; neither is part of what it says.
    """

    titles: bool = True
    effects: frozenset[Effect] = OF_POLICY
    replies: bool = True
    digests: bool = True
    keeper: bool = True
    agents: bool = True
    looks: Mapping[Kind, Look] = field(default_factory=lambda: MappingProxyType({}))
    leave_types: tuple[str, ...] = ()
    members_may: frozenset[str] = frozenset(Freedom)
    set_by: str = field(default="", compare=False)
    set_at: datetime | None = field(default=None, compare=False)

    @property
    def texts(self) -> bool:
        """Whether members may have texts and emoji of their own."""
        return Freedom.TEXTS in self.members_may

    @property
    def rules(self) -> bool:
        """Whether members may have rules and routines of their own."""
        return Freedom.RULES in self.members_may

    @property
    def allowed(self) -> frozenset[Effect]:
        """All effects that may be carried out, replies among them."""
        return self.effects | ({Effect.REPLY} if self.replies else frozenset())

    @property
    def is_open(self) -> bool:
        """Whether nothing of a member's status is fixed or forbidden by it."""
        return self.titles and self.texts and self.rules and not self.looks and self.allowed == frozenset(Effect)

    def fixes_text(self, kind: Kind) -> bool:
        """Return whether what the kind's own line says is not the person's to choose."""
        return not self.texts or self._fixed(kind).text is not None

    def fixes_emoji(self, kind: Kind) -> bool:
        """Return the same for its emoji."""
        return not self.texts or self._fixed(kind).emoji is not None

    def may_have(self, line: Line) -> bool:
        """Return whether a line counts. A routine has nothing but a text of its own to show."""
        if isinstance(line, Routine):
            return self.rules and self.texts
        return line.kind is not None or self.rules

    def floored(self, line: Line) -> Line:
        """Give the line as it counts: what is fixed in the place of what the person chose, off where it may not be."""
        look = line.look if self.texts else Look()
        if not isinstance(line, Routine) and line.kind is not None:
            fixed = self._fixed(line.kind)
            look = Look(
                look.text if fixed.text is None else fixed.text, look.emoji if fixed.emoji is None else fixed.emoji
            )
        enabled = line.enabled and self.may_have(line)
        return replace(line, look=look, effects=line.effects & self.allowed, enabled=enabled)

    def floored_override(self, override: Override) -> Override:
        """Give what was asked for by hand: its words are the person's own and stay, its effects may not."""
        return replace(override, effects=override.effects & self.allowed)

    def check(self, before: Sequence[Line], after: Iterable[Line]) -> None:
        """Refuse a change of a list by which the person would have what is not theirs to have.

        What they have already may stay, be moved, switched and deleted: it does not count, and does again once it is
        allowed. Raises FixedError at the block that it belongs to.
        """
        known = {line.id: line for line in before}
        for line in after:
            self._check(known.get(line.id), line)

    def _check(self, before: Line | None, line: Line) -> None:
        was = Look() if before is None else before.look
        kind = None if isinstance(line, Routine) else line.kind
        if not self.may_have(line) and (before is None or replace(before, enabled=line.enabled) != line):
            raise FixedError("line", field="title_words" if not isinstance(line, Routine) else "text")
        if line.look.text != was.text and not (self.texts if kind is None else not self.fixes_text(kind)):
            raise FixedError("text", field="text")
        if line.look.emoji != was.emoji and not (self.texts if kind is None else not self.fixes_emoji(kind)):
            raise FixedError("emoji", field="emoji")
        if line.effects - (frozenset() if before is None else before.effects) - self.allowed:
            raise FixedError("effects", field="effects")

    def _fixed(self, kind: Kind) -> Look:
        return self.looks.get(kind, _FREE)


_FREE = Look()
