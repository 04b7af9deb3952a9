"""The `.env` file: read into values, and changed in place: what `app.py setup` was told goes in, all else stays."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from services.domain.operator_errors import SettingsError
from services.platform.atomic_files import appearing

_PLAIN = re.compile(r"[\w.~:/@+,=%-]*", re.ASCII)
_ASSIGNED = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=", re.ASCII)
_LEFT_OUT = re.compile(r"#[ \t]*([A-Z][A-Z0-9_]*)[ \t]*=")
"""A line of `.env.example` that nobody has filled in."""


def read(path: Path) -> str:
    """Return the text of the file, "" where there is none. Raises SettingsError."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is no text in UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None


def values_of(path: Path) -> tuple[Mapping[str, str | None], list[str]]:
    """Return the values of the file by name, and what is wrong in it: python-dotenv only warns.

    Raises SettingsError.
    """
    lines = list(parse_stream(StringIO(read(path))))
    wrong = []
    for line in lines:
        if line.error:
            text = line.original.string
            number = line.original.line + len(text[: -len(text.lstrip())].splitlines())
            named = _ASSIGNED.match(text)  # what is no name may be a secret
            where = f"{named[1]}: line {number} of {path}" if named else f"{path}: line {number}"
            wrong.append(f"{where} cannot be read; is a quote not closed?")
    good = "".join(line.original.string for line in lines if not line.error)
    return dotenv_values(stream=StringIO(good)), wrong


def with_values(text: str, values: Mapping[str, str]) -> str:
    """`text` with `values` by name: in the place of a name's line, of its commented line, else at the end.

    Raises SettingsError, which does not show it, for a value that would be read otherwise than it was given.
    """
    bindings = list(parse_stream(StringIO(text)))
    there = {binding.key for binding in bindings if binding.key in values}
    parts, left = [], {name: value for name, value in values.items() if name not in there}
    for binding in bindings:
        original = binding.original.string
        blank = original[: len(original) - len(original.lstrip())]
        commented = _LEFT_OUT.match(original.lstrip())
        if binding.key is not None and binding.key in there:
            export = "export " if original.lstrip().startswith("export ") else ""
            parts.append(f"{blank}{export}{_line(binding.key, values[binding.key])}")
        elif commented and commented[1] in left:
            parts.append(blank + _line(commented[1], left.pop(commented[1])))
        else:
            parts.append(original)
    made = "".join(parts)
    if left:
        made += "\n" if made and not made.endswith("\n") else ""
        made += "".join(_line(name, value) for name, value in left.items())
    found = dotenv_values(stream=StringIO(made))
    for name, value in values.items():
        if found.get(name) != value:
            raise SettingsError(f"{name} cannot be kept in .env as it is: set it in the environment instead")
    return made


def _line(name: str, value: str) -> str:
    if not _PLAIN.fullmatch(value):
        value = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return f"{name}={value}\n"


def check_writable(path: Path) -> None:
    """Raise SettingsError where `write` could not do its work: nobody is to answer in vain."""
    real = path.resolve()
    if real.is_dir() or not os.access(real.parent, os.W_OK):
        raise SettingsError(f"{path} cannot be written here: run this where you may, or set the environment instead")


def write(path: Path, text: str) -> None:
    """Put `text` there, whole or not at all, readable by the file's owner alone. Raises SettingsError."""
    real = path.resolve()  # of a link, what it leads to
    try:
        with appearing(real) as part:
            if real.exists() and os.geteuid() == 0:
                os.chown(part, real.stat().st_uid, real.stat().st_gid)
            part.write_text(text, "utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
