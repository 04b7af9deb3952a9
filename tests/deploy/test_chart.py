"""The chart, rendered with its own values and others: objects that Kubernetes takes, confined, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from services import VERSION, bootstrap
from services.platform import settings
from services.platform.clock import SystemClock
from services.platform.settings import Settings
from tests.support.chart import render
from tests.support.containerfile import ROOT, stages

CHART = ROOT / "deploy" / "chart"
KUBERNETES = json.loads((ROOT / "tests" / "fixtures" / "schemas" / "kubernetes.json").read_text())
OWN = {"/healthz", "/readyz", "/metrics"}
VALUES: list[dict[str, Any]] = [
    {},
    {"ingress": {"enabled": True, "className": "nginx", "annotations": {"a/b": 1}}, "storage": {"className": "fast"}},
    {
        "mode": "scale",
        "image": {"tag": "0.2.0"},
        "web": {"replicas": 5},
        "settings": {"PORT": 3000, "AGENTS_ALLOWED": False},
    },
    {"mode": "scale", "ingress": {"enabled": True}},
]


def by_name(values: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in render(CHART, values)}


def pods(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in render(CHART, values):
        if one["kind"] in {"Deployment", "StatefulSet"}:
            yield one["spec"]["template"]


@pytest.mark.parametrize("values", VALUES)
def test_every_object_is_one_that_kubernetes_takes(values: dict[str, Any]) -> None:
    jsonschema.validate(values | yaml.safe_load((CHART / "values.yaml").read_text()), values_schema())
    for one in render(CHART, values):
        kind(one["kind"]).validate(one)


def test_schemas_refuse_what_is_misspelt() -> None:
    (single,) = (one for one in render(CHART, {}) if one["kind"] == "StatefulSet")
    single["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(jsonschema.ValidationError):
        kind("StatefulSet").validate(single)
    for wrong in ({"mode": "both"}, {"setings": {}}, {"web": {"replicas": 0}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(yaml.safe_load((CHART / "values.yaml").read_text()) | wrong, values_schema())


def kind(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({**KUBERNETES["kinds"][name], "definitions": KUBERNETES["definitions"]})


def values_schema() -> dict[str, Any]:
    return dict(json.loads((CHART / "values.schema.json").read_text()))


def test_single_is_one_process_whose_volume_outlives_the_release() -> None:
    made = by_name({})
    assert set(made) == {
        ("ConfigMap", "quo-settings"), ("Service", "quo"), ("PersistentVolumeClaim", "quo-data"),
        ("StatefulSet", "quo-single"),
    }  # fmt: skip
    assert made["PersistentVolumeClaim", "quo-data"]["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    spec = made["StatefulSet", "quo-single"]["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["containers"][0]["args"]) == (1, ["serve"])
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "quo-data"}} in spec["template"]["spec"]["volumes"]


def test_scale_rolls_out_one_at_a_time_and_keeps_one_of_each() -> None:
    made = by_name({"mode": "scale"})
    assert set(made) == {
        ("ConfigMap", "quo-settings"), ("Service", "quo"), ("Deployment", "quo-web"), ("Deployment", "quo-worker"),
        ("PodDisruptionBudget", "quo-web"), ("PodDisruptionBudget", "quo-worker"),
    }  # fmt: skip
    for role, arguments in {"web": ["serve", "--no-worker"], "worker": ["worker"]}.items():
        spec = made["Deployment", f"quo-{role}"]["spec"]
        assert spec["replicas"] == 2
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert spec["template"]["spec"]["containers"][0]["args"] == arguments
        budget = made["PodDisruptionBudget", f"quo-{role}"]["spec"]
        assert (budget["minAvailable"], budget["selector"]) == (1, spec["selector"])
        assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize("values", VALUES)
def test_each_pod_is_confined_as_the_image_is_made(values: dict[str, Any]) -> None:
    image = stages((ROOT / "deploy" / "Containerfile").read_text())[1]
    for pod in pods(values):
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        user, group = map(int, image.last("USER").text.split(":"))
        assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsGroup"]) == (user, group)
        assert not spec["automountServiceAccountToken"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert spec["terminationGracePeriodSeconds"] == 40
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        environment = image.environment()
        assert ports.items() <= {"http": environment["PORT"], "own": environment["METRICS_PORT"]}.items()
        probes = [container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
        assert [probe["path"] for probe in probes] == ["/healthz", "/healthz", "/readyz"]
        assert {probe["port"] for probe in probes} == {"own"}


def test_settings_are_given_as_texts_and_secrets_are_somebody_elses() -> None:
    made = by_name(VALUES[2])
    data = made["ConfigMap", "quo-settings"]["data"]
    assert data == {"PUBLIC_URL": "https://quo.example.com", "PORT": "3000", "AGENTS_ALLOWED": "false"}
    assert set(data) <= {name.upper() for name in Settings.model_fields}
    (web, worker) = pods(VALUES[2])
    assert web["spec"]["containers"][0]["image"] == worker["spec"]["containers"][0]["image"] == "statusquo:0.2.0"
    changed = next(pods({**VALUES[2], "settings": {"PORT": 3001}}))
    assert changed["metadata"]["annotations"] != web["metadata"]["annotations"]
    assert "Secret" not in {kind for kind, _ in made}


@pytest.mark.parametrize("values", VALUES)
def test_what_a_secret_made_of_a_whole_env_file_says_moves_neither_ports_nor_the_database(
    values: dict[str, Any],
) -> None:
    image = stages((ROOT / "deploy" / "Containerfile").read_text())[1].environment()
    pinned = {"HOST", "PORT", "METRICS_HOST", "METRICS_PORT"} | ({"DATABASE_URL"} if "mode" not in values else set())
    for pod in pods(values):
        (container,) = pod["spec"]["containers"]
        given = {one["name"]: one["value"] for one in container["env"]}  # above what `envFrom` has
        assert given == {name: image[name] for name in pinned}


async def test_ingress_leads_to_every_address_but_the_operators_own(sqlite_url: str, keys: list[str]) -> None:
    given = {"DATABASE_URL": sqlite_url, "ENCRYPTION_KEYS": keys[0], "SLACK_SIGNING_SECRET": "s"}
    service = await bootstrap.build(settings.load(given, dotenv=None), clock=SystemClock(), worker=False)
    addresses = {resource.canonical for resource in service.web.router.resources()}
    await service.stop()
    rules = by_name(VALUES[1])["Ingress", "quo"]["spec"]["rules"][0]["http"]["paths"]
    paths = [rule["path"] for rule in rules]
    led = {one for one in addresses if any(one == path or one.startswith(path + "/") for path in paths)}
    assert addresses - led == OWN
    assert [path for path in paths if not any(one == path or one.startswith(path + "/") for one in addresses)] == []


def test_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)


def test_renderer_knows_what_it_renders(tmp_path: Path) -> None:
    """It is ours: Helm is not at hand where the tests run. What it does not know is an error, not left out."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("name: a\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_text("b: {x: 1, a: true}\nnone: ''\nlist: [p, q]\n")
    template = tmp_path / "templates" / "a.yaml"
    template.write_text(
        '{{- define "part" -}}\ntext: {{ .Values.none | default "other" | quote }}\n{{- end }}\n'
        'made:\n  {{- include "part" . | nindent 2 }}\n'
        "{{- range $name, $value := .Values.b }}\n{{ $name }}: {{ $value }}\n{{- end }}\n"
        '{{- if eq .Values.none "x" }}\nnot: there\n{{- else }}\n'
        "list: [{{ range .Values.list }}{{ . }}, {{ end }}]\n{{- end }}\n"
    )
    assert render(tmp_path, {}) == [{"made": {"text": "other"}, "a": True, "x": 1, "list": ["p", "q"]}]
    template.write_text("a: {{ lookup }}")
    with pytest.raises(KeyError):
        render(tmp_path, {})
