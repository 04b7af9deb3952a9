"""A list as a file: sent to its person, and taken in whole from what they send, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from services.store.line_file import lines_from_file, problems_of
from services.store.line_json import DAYS
from services.store.tables import RULES
from tests.support.feeds import lasting
from tests.support.few import few
from tests.support.running_app import ANN, RunningApp, at
from tests.support.slack_files import at_rest, sends

LIST = {
    "version": 2,
    "lines": [
        {"id": "r1", "name": "Plans", "match": {"title_words": ["plan*"], "days": ["mon"]},
         "show": {"text": "<Planning> & more", "emoji": ":pizza:"}},
        {"kind": "meeting", "show": {"text": "Busy"}, "effects": ["dnd"]},
    ],
    "routines": [{"id": "l1", "days": ["tue"], "from": "12:30", "to": "13:30", "show": {"text": "Lunch"}}],
}  # fmt: skip


async def sends_list(running_app: RunningApp, value: object) -> str:
    """They send a list; what they are told."""
    await sends(running_app, "list.json", json.dumps(value).encode(), mimetype="application/json")
    return running_app.told()[-1]


async def ids(running_app: RunningApp) -> list[str]:
    rows = await running_app.rows(sa.select(RULES.c.rule_id).order_by(RULES.c.position))
    return [row.rule_id for row in rows]


async def test_list_that_is_sent_is_the_list_and_can_be_undone(running_app: RunningApp) -> None:
    await running_app.joins()
    running_app.feeds["work"].has(lasting("a", at("09:00"), 60, "Sync"))
    await running_app.connects("work")
    assert running_app.text() == "In a meeting"
    assert await sends_list(running_app, LIST) == "Your list is now the one in *list.json*. Lines: 6."
    assert await ids(running_app) == ["r1", "out_of_office", "meeting", "focus", "l1", "working_location"]
    assert running_app.text() == "Busy"
    message = running_app.slack.direct_messages(ANN)[-1]
    undo = next(one for one in message.blocks[-1]["elements"] if one["action_id"] == "undo")
    await running_app.slack.people.click_in_message(ANN, message.ts, undo)
    await running_app.settle()
    assert message.text == "Your list is as it was before."
    assert running_app.text() == "In a meeting"
    assert await ids(running_app) == ["out_of_office", "meeting", "focus", "working_location"]


async def test_list_that_is_exported_is_the_same_when_it_is_sent_back(running_app: RunningApp) -> None:
    await running_app.joins()
    await sends_list(running_app, LIST)
    before = await ids(running_app)
    await running_app.types("/quo", "rules")
    modal = running_app.slack.modals[ANN][-1]
    export = {"type": "button", "action_id": "export_list"}
    assert (await running_app.slack.people.click_in_view(ANN, modal.view_id, export)).status == 200
    await at_rest(running_app)
    assert "I sent it to you in my messages." in json.dumps(running_app.slack.modals[ANN][-1].view)
    code = running_app.told()[-1]
    assert code.startswith("```\n{")
    written = code.strip("`").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert json.loads(written)["lines"][0]["show"] == {"text": "<Planning> & more", "emoji": ":pizza:"}
    assert await sends_list(running_app, {"version": 2}) == "Your list is now the one in *list.json*. Lines: 4."
    await sends(running_app, "list (1).json", written.encode(), mimetype="application/json")
    assert await ids(running_app) == before


async def test_every_wrong_field_of_a_list_has_its_sentence_and_nothing_is_changed(running_app: RunningApp) -> None:
    await running_app.joins()
    wrong = {
        "version": 2,
        "lines": [
            {"match": {"title_wrods": ["a"], "days": ["noday"]}, "effects": ["dance"]},
            {"match": {"min_guests": "two"}, "enabled": "yes"},
        ],
        "routines": [{"from": "25:00", "to": "13:00", "days": ["mon"], "show": {"text": "x"}}],
    }
    said = await sends_list(running_app, wrong)
    assert said.split("\n")[:2] == ["*list.json*", "Nothing was changed: there are mistakes in this list."]
    assert set(said.split("\n")[2:]) == {
        "• Line 1, `match`: There is no field “title_wrods”.",
        f"• Line 1, `match.days`, entry 1: This has to be one of these: {', '.join(DAYS)}",
        "• Line 1, `effects`, entry 1: This has to be one of these: dnd, away, photo, reply",
        "• Line 2, `match.min_guests`: This has to be a whole number.",
        "• Line 2, `enabled`: This has to be `true` or `false`.",
        "• Routine 1, `from`: This has to be a time of day, such as `09:30`.",
    }
    assert await ids(running_app) == []


@pytest.mark.parametrize(
    ("locale", "told"),
    few([
        ("de-DE", ["• Zeile 2, `enabled`: Hier muss `true` oder `false` stehen.",
                   "• Routine 1: Ein Feld „fom“ gibt es nicht."]),
        ("fr-FR", ["• Ligne 2, `enabled` : Il faut ici `true` ou `false`.",
                   "• Routine 1 : Il n’y a pas de champ « fom »."]),
        ("es-ES", ["• Línea 2, `enabled`: Aquí tiene que haber `true` o `false`.",
                   "• Rutina 1: No hay ningún campo «fom»."]),
        ("ja-JP", ["• 2行目, `enabled`：ここには`true`か`false`が必要です。",
                   "• ルーティン1：「fom」という項目はありません。"]),
    ]),
)  # fmt: skip
async def test_mistakes_are_told_in_the_language_of_whoever_sent_the_list(
    running_app: RunningApp, locale: str, told: list[str]
) -> None:
    await running_app.joins(locale=locale)
    routine = {"days": ["mon"], "from": "12:00", "to": "13:00", "show": {"text": "x"}, "fom": "12:00"}
    said = await sends_list(running_app, {"version": 2, "lines": [{}, {"enabled": 1}], "routines": [routine]})
    assert said.split("\n")[2:] == told


@pytest.mark.parametrize(
    ("content", "sentence"),
    few(
        [
            (b"nonsense", "That is not a list of lines that I can read."),
            (b'{"lines": []}', "Nothing was changed"),
            (b"[" * 100_000, "That is not a list of lines that I can read."),
            (b"\xff\xfe", "That is not a list of lines that I can read."),
            (b'{"version": 3, "lines": "of another kind"}', "Nothing was changed"),
            (b'"a text"', "Nothing was changed"),
            (b"x" * (2**20 + 1), "That is not a list of lines that I can read."),
        ],
        quick=2,
    ),
)
async def test_what_is_no_list_is_refused_in_a_sentence(running_app: RunningApp, content: bytes, sentence: str) -> None:
    await running_app.joins()
    await sends(running_app, "list.json", content, mimetype="application/json")
    assert sentence in running_app.told()[-1]
    assert await ids(running_app) == []


async def test_list_of_version_1_is_still_read(running_app: RunningApp) -> None:
    await running_app.joins()
    old = [{"id": "r1", "name": "x", "match": {"kinds": ["meeting"]}, "show": {"text": "Busy"}}]
    assert await sends_list(running_app, old) == "Your list is now the one in *list.json*. Lines: 5."
    assert (await ids(running_app))[0] == "r1"


async def test_list_with_characters_that_nobody_sees_is_refused_at_its_fields(running_app: RunningApp) -> None:
    await running_app.joins()
    wrong = {"version": 2, "lines": [{"name": "a\0", "show": {"text": "half \ud83d"}, "match": {"kinds": ["\ud800"]}}]}
    said = await sends_list(running_app, wrong)
    told = "This has characters that cannot be shown."
    places = ("`name`", "`show.text`", "`match.kinds`, entry 1")
    assert set(said.split("\n")[2:]) == {f"• Line 1, {place}: {told}" for place in places}
    assert await ids(running_app) == []


async def test_list_with_a_mention_without_its_name_is_refused_at_its_line(running_app: RunningApp) -> None:
    await running_app.joins()
    wrong = LIST | {"lines": [{"show": {"text": "In <#C1|general>"}}, {"show": {"text": "Ask <@U0BEN00001>"}}]}
    told = "Write it in words: mentions, channels and Slack's dates cannot stand in a status."
    assert (await sends_list(running_app, wrong)).split("\n")[2:] == [f"• Line 2, `show.text`: {told}"]
    assert await ids(running_app) == []


@pytest.mark.usefixtures("reader_processes")
async def test_list_is_read_in_a_process_of_its_own(running_app: RunningApp) -> None:
    await running_app.joins()
    assert await sends_list(running_app, LIST) == "Your list is now the one in *list.json*. Lines: 6."


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (LIST, []),
        ({"version": 2, "lines": [{"x": 1}, {"y": 2}], "z": 3}, ["rules", "rules.lines.0", "rules.lines.1"]),
        ({"version": 2, "routines": [{"days": ["mon"], "show": {"text": "x"}}]}, ["rules.routines.0"]),
        ({"version": 2, "routines": [{"from": "09:00", "to": "10:00", "days": ["mon"]}]}, ["rules.routines.0.show"]),
        ({"version": 2, "lines": [{"id": "a"}, {"id": "a"}]}, ["rules.lines.1.id"]),
        ([{"effects": [1]}], ["rules.0.effects.0"]),
        ([{"match": {"days": [9, "mon", "x"]}}], ["rules.0.match.days.0", "rules.0.match.days.2"]),
        ({"version": 2, "lines": [3, {"enabled": 1}, "x"]}, [f"rules.lines.{at}" for at in ("0", "1.enabled", "2")]),
        ([{"match": {"hours": ["9", "10:00"]}}], ["rules.0.match.hours.0"]),
        ([{"name": "\0", "show": {"text": "\ud800"}}, {"\udfff": 1}], ["rules.0.name", "rules.0.show.text", "rules.1"]),
    ],
)  # fmt: skip
def test_problems_are_told_field_by_field_as_far_as_one_can(value: Any, fields: list[str]) -> None:
    before = json.dumps(value)
    assert sorted(error.field or "" for error in problems_of(value)) == sorted(fields)
    assert json.dumps(value) == before
    if not fields:
        assert lines_from_file(value)
