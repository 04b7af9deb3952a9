"""Calendars at the demo's Google and Microsoft, and a file for the app, as a newcomer meets them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MONDAY, DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

MAYA, PRIYA = "U0MAYA0001", "U0PRIYA001"


@pytest.mark.slow
async def test_consent_is_refused_then_an_event_moved_or_cancelled_at_a_provider_moves_its_status(
    day_page: DemoPage,
) -> None:
    await day_page.be("Maya Okafor")
    assert "did not allow it" in await day_page.sign_in("Google Calendar", "deny")
    await expect(day_page.page.locator("#book-google .dot:not(.on)")).to_be_visible()
    assert not day_page.demo.google.channels.open
    await day_page.no_status_of("Maya Okafor")
    await day_page.page.locator("dialog").get_by_role("button", name="Cancel").click()

    await day_page.be("Priya Nair")
    said = await day_page.sign_in("Google Calendar", "allow")
    assert said.startswith("priya@gmail.example: ")
    assert "connected" in said
    await day_page.status_of("Priya Nair", "In a meeting")
    await expect(day_page.page.locator("dialog")).to_have_count(0)
    await expect(day_page.page.locator("#book-google")).to_have_attribute("aria-selected", "true")
    await expect(day_page.page.locator("#book-google .dot.on")).to_be_visible()
    await day_page.drag("Finance stand-up", 3)
    await day_page.no_status_of("Priya Nair")
    await expect(day_page.page.locator("#told")).to_have_text("✓Google told Status Quo at 08:55:00")
    await expect(day_page.page.locator("#log .push").first).to_contain_text(
        "something changed in “priya@gmail.example”"
    )
    assert day_page.demo.clock.now() - MONDAY < timedelta(seconds=1)  # nobody looked by themselves
    await day_page.be("Maya Okafor")
    await expect(day_page.page.locator("#log .push").first).to_contain_text("something changed in a calendar")
    assert "connected" in await day_page.sign_in("Microsoft 365", "accept")  # whom the app takes her for is not Priya

    await day_page.status_of("Maya Okafor", "In a meeting")
    await expect(day_page.page.locator("dialog")).to_have_count(0)
    await day_page.page.locator(".event:has-text('Steering committee')").focus()
    await day_page.page.keyboard.press("Enter")
    await day_page.page.get_by_role("button", name="Cancel this one").click()
    await day_page.no_status_of("Maya Okafor")
    await expect(day_page.page.locator("#told")).to_contain_text("Microsoft told Status Quo")
    later = day_page.demo.books[MAYA]["microsoft"].on((MONDAY + timedelta(days=7)).date())
    assert "Steering committee" in {shown.title for shown in later}
    await day_page.page.click("#tab-home")
    await expect(day_page.page.locator("#home")).to_contain_text("maya@work.example")


@pytest.mark.slow
async def test_file_sent_to_the_app_becomes_a_calendar_and_a_fast_clock_waits_while_links_are_shown(
    day_page: DemoPage,
) -> None:
    await day_page.be("Priya Nair")
    await day_page.page.click("#tab-messages")
    await day_page.page.click("#sample")
    await day_page.page.get_by_role("button", name="Add it as a calendar").click()
    await expect(day_page.page.locator("#messages")).not_to_contain_text("Add it as a calendar")
    await day_page.go_to("09:00")
    await day_page.status_of("Priya Nair", "In a meeting")
    await day_page.page.set_input_files(
        "#file", {"name": "broken.ics", "mimeType": "text/calendar", "buffer": b"\xff\x00 no calendar"}
    )
    await expect(day_page.page.locator(".file").last).to_contain_text("broken.ics")
    await expect(day_page.page.locator(".message").last.locator(".app")).to_be_visible()
    photo = day_page.demo.slack.photos.of(PRIYA)
    assert photo is not None
    for name, content, answer in (
        ("me.png", photo.content, "Your picture is kept"),
        ("list.json", b'{"version": 2, "routines": []}', "Your list is now the one in list.json"),
    ):
        await day_page.page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": content})
        await expect(day_page.page.locator(".message").last).to_contain_text(answer)
    await expect(day_page.page.locator(".file img")).to_have_count(1)
    await day_page.page.click("#tab-general")
    await expect(day_page.page.locator("#messages .file")).to_have_count(0)

    await day_page.be("Maya Okafor")
    day_page.demo.clock.set_speed(60)
    await expect(day_page.page.locator("#clock button[aria-pressed=true]")).to_have_text("×60")
    await day_page.type("/quo connect")
    await expect(day_page.page.locator("#clock button[aria-pressed=true]")).to_have_text("×1")
