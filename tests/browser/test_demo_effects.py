"""What shows of people besides their status, and what is said in the channel, as the demo's page has it."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

MAYA, SAM = "U0MAYA0001", "U0SAM00001"


def row(demo_page: DemoPage, name: str) -> Locator:
    return demo_page.page.locator(f".member:has-text('{name}')")


async def test_muted_and_away_people_have_a_sign_and_a_changed_photo_is_drawn(shared_page: DemoPage) -> None:
    page, slack = shared_page.page, shared_page.demo.slack
    await shared_page.be("Sam Rivera")
    sam, face = row(shared_page, "Sam Rivera"), row(shared_page, "Sam Rivera").locator("img")
    await expect(sam.locator(".muted")).to_have_count(0)
    for button in ("Mute notifications for 1 hour", "Set yourself away"):
        await page.click("#own-status")
        await page.get_by_role("button", name=button).click()
    await expect(sam.locator(".muted")).to_have_attribute("title", "Notifications muted until 09:55")
    await expect(sam.get_by_role("img", name="away")).to_be_visible()
    await expect(row(shared_page, "Maya Okafor").get_by_role("img", name="active")).to_be_visible()

    before = await face.get_attribute("src")
    mayas = slack.photos.of(MAYA)
    assert before is not None
    assert mayas is not None
    slack.photos.upload(SAM, mayas.content)
    await expect(face).not_to_have_attribute("src", before)
    assert await face.evaluate("image => image.decode().then(() => image.naturalWidth)") == 192

    slack.dnd.end(SAM)
    slack.presence.toggle(SAM, away=False)
    await expect(sam.locator(".muted")).to_have_count(0)
    await expect(sam.get_by_role("img", name="active")).to_be_visible()


async def test_people_are_mentioned_in_threads_and_what_only_one_may_see_the_others_do_not(
    shared_page: DemoPage,
) -> None:
    page, slack = shared_page.page, shared_page.demo.slack
    await shared_page.be("Priya Nair")
    first = page.locator(".message").first
    await first.hover()
    await first.get_by_role("button", name="Reply in thread").click()
    await expect(page.locator("#thread")).to_contain_text("Reply to Sam Rivera: Morning!")
    await page.keyboard.type(":acme: thanks @sa")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#box")).to_have_value(":acme: thanks @sam ")
    await page.keyboard.press("Enter")
    reply = page.locator(".message").nth(1)  # before what was said in the channel after it
    await expect(reply).to_have_class("message reply")
    await expect(reply.locator(".mention")).to_have_text("@Sam Rivera")
    assert await reply.locator("img.emoji").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    said = slack.messages[-1]
    assert (said.text, said.thread_ts) == (f":acme: thanks <@{SAM}>", slack.messages[0].ts)

    slack.post(
        said.channel_id,
        slack.bot_of(slack.channels[said.channel_id].team_id).user_id,
        "for Priya",
        only_for="U0PRIYA001",
    )
    await expect(page.locator(".message.only-you").last).to_contain_text("Only visible to you")
    await shared_page.be("Maya Okafor")
    await expect(page.locator(".message.reply")).to_contain_text("thanks")
    await expect(page.locator("#messages")).not_to_contain_text("for Priya")


async def test_focus_time_mutes_lunch_is_away_and_who_mentions_somebody_on_holiday_is_told(demo_page: DemoPage) -> None:
    page = demo_page.page
    yuki, sam = row(demo_page, "Yuki Tanaka"), row(demo_page, "Sam Rivera")
    await expect(row(demo_page, "Jonas Weber").get_by_role("img", name="away")).to_be_visible()
    await page.get_by_role("button", name="Mention Jonas, who is out").click()
    told = page.locator(".message.only-you")
    await expect(told).to_contain_text("Jonas Weber is away and back on Thu 26 Nov.")
    await expect(told).to_contain_text("Only visible to you")
    await expect(yuki.locator(".muted")).to_have_count(0)

    await demo_page.go_to("09:00")
    await expect(yuki.locator(".muted")).to_have_attribute("title", "Notifications muted until 10:15")
    await expect(page.locator("#log tr", has_text="notifications muted").first).to_contain_text("10:15")
    await demo_page.go_to("10:15")  # a meeting in the middle of it
    await expect(yuki.locator(".muted")).to_have_count(0)
    await demo_page.go_to("10:45")
    await expect(yuki.locator(".muted")).to_be_visible()
    await demo_page.be("Yuki Tanaka")
    await page.click("#own-status")
    await page.get_by_role("button", name="Unmute notifications").click()
    await demo_page.go_to("11:25")
    await expect(yuki.locator(".muted")).to_have_count(0)  # she has ended it herself, and it is not begun again

    await demo_page.go_to("12:30")
    await demo_page.status_of("Sam Rivera", "Lunch")
    await expect(sam.get_by_role("img", name="away")).to_be_visible()
    await demo_page.go_to("13:15")
    await expect(sam.get_by_role("img", name="active")).to_be_visible()
    await demo_page.status_of("Sam Rivera", "Ask me about the new docs")
