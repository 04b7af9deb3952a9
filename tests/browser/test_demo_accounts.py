"""Calendars at the demo's Google and Microsoft, and a file for the app, as a newcomer meets them. The clock stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MONDAY, Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

MAYA, PRIYA = "U0MAYA0001", "U0PRIYA001"


async def test_event_moved_in_google_moves_the_status_at_once(desk: Desk) -> None:
    await desk.be("Priya Nair")
    said = await desk.sign_in("Google Calendar", "allow")
    assert said.startswith("priya@gmail.example: ")
    assert "connected" in said
    await desk.status_of("Priya Nair", "In a meeting")
    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.page.locator("#book-google")).to_have_attribute("aria-selected", "true")
    await expect(desk.page.locator("#book-google .dot.on")).to_be_visible()
    await desk.drag("Finance stand-up", 3)
    await desk.no_status_of("Priya Nair")
    await expect(desk.page.locator("#told")).to_have_text("✓Google told Status Quo at 08:55:00")
    await expect(desk.page.locator("#log .push").first).to_contain_text("something changed in “priya@gmail.example”")
    assert desk.world.clock.now() - MONDAY < timedelta(seconds=1)  # nobody looked by themselves
    await desk.be("Maya Okafor")
    await expect(desk.page.locator("#log .push").first).to_contain_text("something changed in a calendar")
    assert "connected" in await desk.sign_in("Microsoft 365", "accept")  # whom the app takes her for is not Priya


async def test_one_of_a_series_is_cancelled_at_microsoft_and_the_others_stay(desk: Desk) -> None:
    await desk.sign_in("Microsoft 365", "accept")
    await desk.status_of("Maya Okafor", "In a meeting")
    await expect(desk.page.locator("dialog")).to_have_count(0)
    await desk.page.locator(".event:has-text('Steering committee')").focus()
    await desk.page.keyboard.press("Enter")
    await desk.page.get_by_role("button", name="Cancel this one").click()
    await desk.no_status_of("Maya Okafor")
    await expect(desk.page.locator("#told")).to_contain_text("Microsoft told Status Quo")
    later = desk.world.books[MAYA]["microsoft"].on((MONDAY + timedelta(days=7)).date())
    assert "Steering committee" in {shown.title for shown in later}
    await desk.page.click("#tab-home")
    await expect(desk.page.locator("#home")).to_contain_text("maya@work.example")


async def test_consent_refused_changes_nothing(desk: Desk) -> None:
    assert "did not allow it" in await desk.sign_in("Google Calendar", "deny")
    await expect(desk.page.locator("#book-google .dot:not(.on)")).to_be_visible()
    assert not desk.world.google.channels.open
    await desk.no_status_of("Maya Okafor")


async def test_fast_clock_waits_while_links_are_shown(desk: Desk) -> None:
    desk.world.clock.set_speed(60)
    await expect(desk.page.locator("#clock button[aria-pressed=true]")).to_have_text("×60")
    await desk.type("/quo connect")
    await expect(desk.page.locator("#clock button[aria-pressed=true]")).to_have_text("×1")


async def test_file_sent_to_the_app_becomes_a_calendar(desk: Desk) -> None:
    await desk.be("Priya Nair")
    await desk.page.click("#tab-messages")
    await desk.page.click("#sample")
    await desk.page.get_by_role("button", name="Add it as a calendar").click()
    await expect(desk.page.locator("#messages")).not_to_contain_text("Add it as a calendar")
    await desk.go_to("09:00")
    await desk.status_of("Priya Nair", "In a meeting")
    await desk.page.set_input_files(
        "#file", {"name": "broken.ics", "mimeType": "text/calendar", "buffer": b"\xff\x00 no calendar"}
    )
    await expect(desk.page.locator(".file").last).to_contain_text("broken.ics")
    await expect(desk.page.locator(".message").last.locator(".app")).to_be_visible()
    await desk.page.click("#tab-general")
    await expect(desk.page.locator("#messages .file")).to_have_count(0)
