"""Alerts and the dashboard ask for metrics that there are, by labels that they have; each alert says what to do.

Prometheus' own tool checks and tries the rules in `tests/slow/test_alerts_fire.py`. No Grafana draws the dashboard
here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.domain import errors
from services.domain.calendars import Health
from services.domain.faults import OperatorFault
from services.platform.metrics import _LAG, _LATE, _QUICK
from tests.support.event_names import event_names
from tests.support.metrics import Described, described

ROOT = Path(__file__).resolve().parents[2]
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/dashboard.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel.get("targets", [])]
SERIES = {name: one for one in described() for name in one.series}
FROM_SCRAPING = {"instance", "job"}
DURATION = re.compile(r"(\d+[smhdw])+|\$__rate_interval")
BUCKETS = {str(float(bucket)) for bucket in (*_LAG, *_LATE, *_QUICK)}
ERRORS = {name for name in vars(errors) if name.endswith("Error")}
VALUES = {
    "outcome": ERRORS | {"ok", "taken", "unknown", "forged", "missed"},
    "waits_for": {"limit", "retry", "fault", "other"},
    "fault": {one.value for one in OperatorFault},
    "health": {one.value for one in Health},
}
"""What a label can be, where an expression names it."""

EXPRESSIONS = [*((rule["alert"], rule["expr"]) for rule in RULES), *QUERIES]


def selectors(expression: str) -> Iterator[tuple[Described, str, dict[str, tuple[str, str]]]]:
    """Each series that is asked for: its metric, its name, and its labels with operator and value."""
    for name, labels in re.findall(r"\b(statusquo_\w+)(?:\{([^}]*)\})?", expression):
        found = re.findall(r'(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"', labels)
        yield SERIES[name], name, {label: (operator, value) for label, operator, value in found}


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_expression_asks_for_what_there_is(where: str, expression: str) -> None:
    asked = list(selectors(expression))
    assert asked, where
    known = {label for metric, _, _ in asked for label in metric.labels} | FROM_SCRAPING
    for metric, name, labels in asked:
        bucket = {"le"} if name.endswith("_bucket") else set()
        known |= bucket
        assert set(labels) <= {*metric.labels, *FROM_SCRAPING, *bucket}
        if metric.kind == "counter":
            assert re.search(rf"(rate|increase)\({name}", expression)
        for label, (operator, value) in labels.items():
            if label == "le":
                assert value in BUCKETS
            elif label in VALUES:
                assert set(value.split("|") if "~" in operator else [value]) <= VALUES[label]
    grouped = re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", expression)
    assert {label.strip() for labels in grouped for label in labels.split(",")} <= known
    assert [
        one for one in re.findall(r"\[([^\]]+)\]", re.sub(r'"[^"]*"', "", expression)) if not DURATION.fullmatch(one)
    ] == []
    assert expression.count("(") == expression.count(")")


def test_event_that_an_alert_names_is_one_of_ours() -> None:
    (named,) = {labels["event"][1] for rule in RULES for _, _, labels in selectors(rule["expr"]) if "event" in labels}
    names = event_names()
    assert [one for one in named.split("|") if not any(re.fullmatch(one, name) for name in names)] == []


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_alert_says_what_it_is_and_where_it_is_written_what_to_do(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"StatusQuo[A-Z]\w+", rule["alert"])
    assert DURATION.fullmatch(rule.get("for", "1m"))
    assert rule["labels"]["severity"] in {"page", "ticket"}
    told = rule["annotations"]
    assert set(told) == {"summary", "description", "runbook"}
    assert told["summary"] != told["description"]
    page, _, anchor = told["runbook"].partition("#")
    assert anchor == rule["alert"].lower()
    assert f"### {rule['alert']}\n" in (ROOT / page).read_text()
    labels = set(re.findall(r"\$labels\.(\w+)", told["description"]))
    by = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in labels.split(",")}
    assert labels <= (by or FROM_SCRAPING)


def test_alerts_are_those_of_the_watching_page_in_the_same_order() -> None:
    text = (ROOT / "docs/watching.md").read_text()
    assert re.findall(r"^### (StatusQuo\w+)$", text, re.MULTILINE) == [rule["alert"] for rule in RULES]


def test_panels_have_ids_of_their_own_titles_and_places_that_do_not_overlap() -> None:
    ids, titles = [panel["id"] for panel in PANELS], [panel["title"] for panel in PANELS]
    assert (len(set(ids)), len(set(titles))) == (len(PANELS), len(PANELS))
    places = [panel["gridPos"] for panel in PANELS]
    assert all(one["x"] >= 0 and one["w"] > 0 and one["h"] > 0 and one["x"] + one["w"] <= 24 for one in places)
    overlapping = [
        (one, other)
        for one, other in combinations(places, 2)
        if one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]
    ]  # fmt: skip
    assert overlapping == []


def test_dashboard_asks_whichever_source_is_chosen() -> None:
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    asking = [*(one for panel in PANELS for one in (panel, *panel.get("targets", [])) if panel["type"] != "row")]
    assert [one for one in [*asking, variables["instance"]] if one["datasource"] != chosen] == []
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(PANELS)))
    assert used == set(variables)
    for panel in PANELS:
        references = [target["refId"] for target in panel.get("targets", [])]
        assert len(set(references)) == len(references)


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {metric.name for _, expression in QUERIES for metric, _, _ in selectors(expression)}
    assert {one.name for one in described()} - shown == set()
