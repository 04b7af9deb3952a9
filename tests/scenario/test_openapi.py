"""`/openapi.json`: valid, usable by the plainest of clients, and true: what it declares is what is answered."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers.agents.openapi import document
from handlers.agents.operations import OPERATIONS
from tests.support.agent_calls import key_of
from tests.support.clocks import ManualClock
from tests.support.running_app import RunningApp

OF_SLACK = {f"/{operation.path}" for operation in OPERATIONS if operation.of_slack}
SCALARS = {"string", "integer", "boolean"}
CONFIG = """
[generation]
deterministic = true
max-examples = {examples}

[checks.positive_data_acceptance]
# A schema cannot say which words are a time, nor that of two times one is given.
expected-statuses = ["200", "400", "429"]

[[operations]]
# Slack's own methods refuse with 200.
include-path-regex = "/users[.]"
checks.negative_data_rejection.enabled = false
"""


def test_description_is_valid_by_the_official_meta_schema() -> None:
    OpenAPIV31SpecValidator(document("https://quo.example")).validate()


async def test_description_is_there_without_a_key_and_names_this_installation(running_app: RunningApp) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{running_app.url}/openapi.json") as response:
        described = await response.json()
    assert (response.status, described["servers"]) == (200, [{"url": f"{running_app.url}/api/v1"}])
    assert described == document(running_app.url)


def test_plain_clients_can_use_it() -> None:
    """What OCP agents pass over: parameters of paths, bodies that are no flat objects, relative servers."""
    for path, methods in document("https://quo.example")["paths"].items():
        ((method, operation),) = methods.items()
        if path in OF_SLACK:  # with the parameters that Slack has given them
            continue
        for parameter in operation.get("parameters", []):
            assert (parameter["in"], parameter["schema"]["type"] in SCALARS) == ("query", True)
        if method == "post":
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert schema["type"] == "object"
            assert schema["additionalProperties"] is False
            assert all(one["type"] in SCALARS for one in schema["properties"].values())


def test_every_schema_is_one_and_its_examples_are_taken() -> None:
    for operation in OPERATIONS:
        if operation.of_slack:
            continue
        found = document("https://quo.example")["paths"][f"/{operation.name}"][operation.method.lower()]
        whole: dict[str, Any] = found.get("requestBody", {"content": {"application/json": {"schema": {}}}})
        Draft202012Validator.check_schema(whole["content"]["application/json"]["schema"])
        for one in found.get("parameters", []):
            for example in one["schema"].get("examples", []):
                Draft202012Validator(one["schema"]).validate(example)


async def flies(clock: ManualClock) -> None:
    while True:
        await asyncio.sleep(0.05)  # another process makes the calls
        clock.move(seconds=20)


async def ran(app: RunningApp, folder: Path, examples: int) -> int:
    """How many calls schemathesis has made that were answered as declared; all of them, or the test fails.

    Time flies meanwhile, so that a minute has more than sixty calls, and more statuses than Slack takes.
    """
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.format(examples=examples))
    await app.joins(tz="Europe/Berlin")
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(config), "run", f"{app.url}/openapi.json",
        "--header", f"Authorization: Bearer {await key_of(app)}", "--no-color",
    ]  # fmt: skip
    running = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    time_flies = asyncio.create_task(flies(app.clock))
    said, _ = await running.communicate()
    time_flies.cancel()
    assert running.returncode == 0, said.decode()
    async with aiohttp.ClientSession() as session, session.get(f"{app.url}/readyz") as response:
        assert response.status == 200
    found = re.search(r"(\d[\d,]*) generated, ", said.decode())
    assert found is not None, said.decode()
    return int(found[1].replace(",", ""))


@pytest.mark.slow  # what each is for, and what each refuses, is held to the schemas in test_agent_operations
@pytest.mark.timeout(900)
async def test_operations_answer_as_declared_over_thousands_of_calls(running_app: RunningApp, tmp_path: Path) -> None:
    assert await ran(running_app, tmp_path, 150) >= 2_000
