"""Typed, bounded values out of JSON that is not to be trusted: files, forms, other versions of ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from services.domain.errors import InputError

LONGEST_TEXT = 500
LONGEST_ID = 64
MOST_ENTRIES = 50

_EnumT = TypeVar("_EnumT", bound=StrEnum)


class Reader:
    """Reads one JSON object. What is missing or null is None; what is wrong raises InputError with its path."""

    def __init__(self, value: object, path: str) -> None:
        """`path` says in an error where the object is."""
        if not isinstance(value, Mapping):
            raise InputError("is not an object", field=path)
        self._value = value
        self.path = path

    def get(self, name: str) -> object:
        """The value as it is; None if missing."""
        return self._value.get(name)

    def only(self, *names: str) -> None:
        """Refuse every name but these."""
        if not set(self._value) <= set(names):
            raise InputError("has a name that is not known here", field=self.path)

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str | None:
        """A text of at most `longest` characters."""
        value = self._value.get(name)
        return None if value is None else self._text(name, value, longest)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty if missing."""
        value = self._value.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.wrong(name, "is not a list")
        if len(value) > MOST_ENTRIES:
            raise self.wrong(name, f"has more than {MOST_ENTRIES} entries")
        return tuple(self._text(name, entry, LONGEST_TEXT) for entry in value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false; `default` if missing."""
        value = self._value.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name, "is neither true nor false")
        return value

    def number(self, name: str, most: int) -> int | None:
        """A whole number from 0 to `most`."""
        value = self._value.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(name, "is not a whole number")
        if not 0 <= value <= most:
            raise self.wrong(name, f"is not between 0 and {most}")
        return value

    def instant(self, name: str) -> datetime | None:
        """An ISO 8601 instant with its offset, as UTC."""
        text = self.text(name, LONGEST_ID)
        if text is None:
            return None
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is not None:
                return instant.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.wrong(name, "is not an instant") from error
        raise self.wrong(name, "is an instant without an offset")

    def mapping(self, name: str) -> Mapping[str, object]:
        """An object; empty if missing."""
        value = self._value.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self.wrong(name, "is not an object")
        return value

    def one_of(self, value: object, choices: type[_EnumT], name: str) -> _EnumT:
        """`value` as one of the enum's values."""
        try:
            return choices(str(value))
        except ValueError as error:
            raise self.wrong(name, f"is no {choices.__name__}") from error

    def wrong(self, name: str, reason: str) -> InputError:
        """The error for the value called `name`."""
        return InputError(reason, field=f"{self.path}.{name}")

    def _text(self, name: str, value: object, longest: int) -> str:
        if not isinstance(value, str):
            raise self.wrong(name, "is not a text")
        if len(value) > longest:
            raise self.wrong(name, f"is longer than {longest} characters")
        return value
