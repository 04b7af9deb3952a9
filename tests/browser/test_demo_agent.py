"""The agent's box on the demo's page: what it asks the app for really goes to /mcp, with a key of the person's."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Locator, expect

from demo.seed import TEAM
from services.domain.model import PersonKey
from tests.browser.conftest import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

YUKI, SAM = "U0YUKI0001", "U0SAM00001"
SECRET = re.compile(r"quo_[\w-]{20}")


async def ask(demo_page: DemoPage, sentence: str) -> Locator:
    """Click a sentence; what was called and answered."""
    said = demo_page.page.locator("#agent-log > li")
    before = await said.count()
    await demo_page.page.get_by_role("button", name=sentence).click()
    await expect(said).to_have_count(before + 1)
    return said.last


@pytest.mark.slow
async def test_a_sentence_to_the_agent_is_a_tool_call_that_sets_the_status_and_undoes_it(shared_page: DemoPage) -> None:
    page, slack = shared_page.page, shared_page.demo.slack
    await shared_page.be("Yuki Tanaka")
    await page.get_by_role("button", name="Ask an agent for a status").click()
    await expect(page.locator("#agent-key")).to_contain_text("made when you ask")
    nothing = await ask(shared_page, "Undo that")
    await expect(nothing).to_contain_text("nothing to call")
    await expect(nothing.locator(".agent-call")).to_have_count(0)
    assert not await shared_page.demo.keys.list(PersonKey(TEAM, YUKI))

    asked = await ask(shared_page, "I’m at the dentist until three")
    await expect(asked.locator(".agent-call")).to_contain_text('tools/call set_statustext"At the dentist"')
    await expect(asked.locator(".agent-call")).to_contain_text('until"2026-11-23T15:00"')
    await expect(asked.locator(".agent-answer")).to_contain_text("At the dentist until 15:00")
    await shared_page.status_of("Yuki Tanaka", "At the dentist")
    await expect(page.locator("#agent-status")).to_have_text(re.compile("At the dentist, until 15:00"))
    shown = slack.member(YUKI)
    assert (shown.text, shown.emoji) == ("At the dentist", ":tooth:")
    assert datetime.fromtimestamp(shown.expiration, UTC) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    await asked.get_by_text("The whole request").click()
    await expect(asked.locator("pre").first).to_contain_text("Authorization: Bearer quo_••••")
    await shared_page.type("/quo why")
    await expect(page.locator(".message.only-you").last).to_contain_text("Demo agent")

    why = await ask(shared_page, "What is my status, and why?")
    await expect(why).to_contain_text("tools/call get_status")
    await expect(why.locator(".agent-answer")).to_contain_text("At the dentist until 15:00")
    who = await ask(shared_page, "Who is out this week?")
    for name in ("Jonas Weber, back 2026-11-26", "Nora Lindqvist, back 2026-11-26"):
        await expect(who.locator(".agent-answer")).to_contain_text(name)
    await ask(shared_page, "Undo that")
    await shared_page.no_status_of("Yuki Tanaka")
    assert not SECRET.search(await page.content())
    await page.click("#tab-day")


@pytest.mark.slow
async def test_a_revoked_key_of_the_agent_is_refused_and_another_one_can_be_made(shared_page: DemoPage) -> None:
    page = shared_page.page
    await shared_page.be("Sam Rivera")
    await page.click("#tab-agent")
    typed = await ask(shared_page, "What is my status, and why?")
    await expect(typed.locator(".agent-answer")).to_contain_text("Ask me about the new docs yourself")
    await page.locator("#agent-key").get_by_role("button", name="Home tab").click()
    await page.locator("[data-action=open_keys]").click()
    dialog = page.locator("dialog[data-callback=keys]")
    await expect(dialog).to_contain_text("Demo agent")
    await dialog.locator("[data-action^=revoke_]").click()
    await page.locator("dialog.confirm").get_by_role("button", name="Revoke").click()
    await expect(page.locator("#agent-key")).to_contain_text("“Demo agent” was revoked")
    await dialog.get_by_role("button", name="Close").last.click()
    assert not await shared_page.demo.keys.list(PersonKey(TEAM, SAM))

    refused = await ask(shared_page, "I’m out until Friday")
    await expect(refused.locator(".agent-facts")).to_contain_text("401 · invalid_auth")
    await shared_page.status_of("Sam Rivera", "Ask me about the new docs")
    await page.click("#agent-renew")
    await expect(page.locator("#agent-key")).to_contain_text("acts as Sam")
    out = await ask(shared_page, "I’m out until Friday")
    await expect(out.locator(".agent-call")).to_contain_text('set_out_of_officeto"2026-11-26"')
    await shared_page.status_of("Sam Rivera", "Out of office until November 27")
    await ask(shared_page, "Undo that")
    await shared_page.status_of("Sam Rivera", "Ask me about the new docs")
    await page.click("#tab-day")
