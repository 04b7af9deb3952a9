"""What is logged has ids and none of what leaks by its name, and docs/watching.md lists all of it."""

from __future__ import annotations

import ast
import re

import pytest

from services.platform.logs import SECRET_NAMES
from tests.support.event_names import ROOT, _names, _spread, log_calls, logged

WITHOUT_IDS = {
    # of a process, or of an installation
    "bot_token_not_adopted", "bot_token_unverified",
    "background_given_up", "budgets_not_stored", "check_failed", "chore_failed", "database_not_written",
    "database_written_again", "due_work_done", "due_work_failed", "leases_lost",
    "loop_blocked", "not_measured", "request_broken", "sender_failed", "slack_answers_again",
    "slack_is_out", "socket_ended", "socket_lingered", "socket_not_acknowledged", "socket_open", "socket_refused",
    "stood_still", "who_is_out_not_read",
    # of a request, whose ids are on every line of it
    "error_in_no_modal", "error_not_shown", "request_failed", "request_refused",
    # of somebody who is gone: only what is to be given back at the provider is known
    "entry_not_deleted", "parted", "parting_failed",
    # of a file, in a reader process
    "calendar_read",
}  # fmt: skip


def test_watching_page_lists_every_event_with_its_levels_and_fields() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([a-z, ]+) \| (.*?) \| (.+) \|$",
        (ROOT / "docs/watching.md").read_text().partition("## The log")[2], re.MULTILINE,
    )  # fmt: skip
    listed = {name: (set(levels.split(", ")), set(re.findall(r"`(\w+)`", fields))) for name, levels, fields, _ in rows}
    assert listed == {name: (one.levels, one.fields) for name, one in logged().items()}
    assert [name for name, *_ in rows] == sorted(listed)


def test_every_line_about_somebodys_work_says_whose_it_is() -> None:
    assert {name for name, one in logged().items() if "team_id" not in one.fields} == WITHOUT_IDS


def test_no_field_has_a_name_whose_values_are_hidden() -> None:
    assert [name for name, one in logged().items() if one.fields & SECRET_NAMES] == []


def test_who_warns_of_an_error_says_its_id_too() -> None:
    mere = {"check_failed", "not_measured", "socket_refused", "socket_not_acknowledged", "request_failed"}
    without = {
        name for name, one in logged().items() if {"error", "reason"} & one.fields and "error_id" not in one.fields
    }
    assert without <= mere | {
        "database_not_written",
        "database_written_again",
        "keeper_stopped",
        "kept_status_written",
        "status_written",
        "socket_ended",
        "socket_lingered",
    }


@pytest.mark.parametrize("call", ["log.info(name)", "log.info(f'{x}_failed')"])
def test_name_that_is_not_written_out_is_found(call: str) -> None:
    tree = ast.parse(call)
    with pytest.raises(ValueError, match="not written out"):
        _names(tree, next(log_calls(tree))[0].args[0], call)


def test_fields_that_cannot_be_followed_are_found() -> None:
    tree = ast.parse("log.info('x', **anything())")
    (logs, _) = next(log_calls(tree))
    with pytest.raises(ValueError, match="cannot follow"):
        _spread(tree, logs, logs.keywords[0].value, "here")
