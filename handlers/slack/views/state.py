"""Reading the values of a submitted view, whatever of them is missing. Pure.

`view.state.values` is block id → action id → element (docs.slack.dev/reference/interaction-payloads).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from services.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one submission. What was left empty reads as "", None or an empty list."""

    blocks: dict[str, Any]

    @classmethod
    def of(cls, view: dict[str, Any]) -> Values:
        """The values of `view` in a payload."""
        state = view.get("state")
        values = state.get("values") if isinstance(state, dict) else None
        return cls(values if isinstance(values, dict) else {})

    def _element(self, block: str) -> dict[str, Any]:
        actions = self.blocks.get(block)
        first = next(iter(actions.values()), None) if isinstance(actions, dict) else None
        return first if isinstance(first, dict) else {}

    def text(self, block: str) -> str:
        """What was typed, on one line."""
        value = self._element(block).get("value")
        return " ".join(value.split()) if isinstance(value, str) else ""

    def secret(self, block: str) -> str:
        """What was typed, as it was typed but for the space around it."""
        value = self._element(block).get("value")
        return value.strip() if isinstance(value, str) else ""

    def date(self, block: str) -> date | None:
        """The chosen date. Raises InputError for what is none."""
        value = self._element(block).get("selected_date")
        if not value:
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise InputError("not a date", field=block) from error

    def time(self, block: str) -> time | None:
        """The chosen time of day. Raises InputError for what is none."""
        value = self._element(block).get("selected_time")
        if not value:
            return None
        try:
            return time.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError as error:
            raise InputError("not a time", field=block) from error

    def one(self, block: str) -> str:
        """The value of the chosen option."""
        option = self._element(block).get("selected_option")
        return str(option.get("value", "")) if isinstance(option, dict) else ""

    def chosen(self, block: str) -> list[str]:
        """The values of the chosen options."""
        options = self._element(block).get("selected_options")
        return (
            [str(one.get("value", "")) for one in options if isinstance(one, dict)] if isinstance(options, list) else []
        )
