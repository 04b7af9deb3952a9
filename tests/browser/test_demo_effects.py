"""What shows of people besides their status, what is said in the channel, and emoji that are chosen by name."""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload, Locator, expect

from tests.browser.conftest import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

MAYA, JONAS, SAM = "U0MAYA0001", "U0JONAS001", "U0SAM00001"


def row(demo_page: DemoPage, name: str) -> Locator:
    return demo_page.page.locator(f".member:has-text('{name}')")


@pytest.mark.slow
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
    await page.click("#own-status")
    picture = FilePayload(name="me.png", mimeType="image/png", buffer=mayas.content)
    await page.set_input_files("dialog input[type=file]", picture)
    await expect(face).not_to_have_attribute("src", before)
    assert await face.evaluate("image => image.decode().then(() => image.naturalWidth)") == 192

    slack.dnd.end(SAM)
    slack.presence.toggle(SAM, away=False)
    await expect(sam.locator(".muted")).to_have_count(0)
    await expect(sam.get_by_role("img", name="active")).to_be_visible()


@pytest.mark.slow
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


@pytest.mark.slow
async def test_emoji_is_searched_for_by_name_and_the_workspaces_own_is_chosen(shared_page: DemoPage) -> None:
    page, slack = shared_page.page, shared_page.demo.slack
    await shared_page.be("Maya Okafor")
    await page.click("#tab-home")
    await page.click("[data-action=open_override]")
    dialog = page.locator("dialog[data-callback=override]")
    menu = dialog.locator("[data-block=emoji]").get_by_role("combobox")
    found = dialog.locator("[data-block=emoji]").get_by_role("option")
    await menu.fill("pizz")
    await expect(found).to_have_text(["🍕 pizza"])
    await menu.fill("acm")
    await expect(found).to_have_count(1)
    await found.first.click()
    await dialog.locator("[data-block=text] input").fill("Town hall")
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    await shared_page.status_of("Maya Okafor", "Town hall")
    assert slack.member(MAYA).emoji == ":acme:"


@pytest.mark.slow
async def test_focus_mutes_lunch_is_away_a_holiday_has_its_photo_and_who_mentions_it_is_told(
    demo_page: DemoPage,
) -> None:
    page, photos = demo_page.page, demo_page.demo.slack.photos
    jonas, yuki, sam = (row(demo_page, name) for name in ("Jonas Weber", "Yuki Tanaka", "Sam Rivera"))
    await expect(jonas.get_by_role("img", name="away")).to_be_visible()
    await page.get_by_role("button", name="Mention Jonas, who is out").click()
    told = page.locator(".message.only-you")
    await expect(told).to_contain_text("Jonas Weber is away and back on Thu 26 Nov.")
    await expect(told).to_contain_text("Only visible to you")
    await expect(yuki.locator(".muted")).to_have_count(0)

    await demo_page.go_to("09:00")
    await expect(yuki.locator(".muted")).to_have_attribute("title", "Notifications muted until 10:15")
    logged = page.locator("#log tr", has_text="notifications muted").first
    await expect(logged).to_contain_text("Your notifications are muted until 10:15.")
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

    with_palm = await jonas.locator("img").first.get_attribute("src")
    assert with_palm is not None
    assert not photos.own_face(JONAS)
    await demo_page.be("Jonas Weber")
    await page.locator(".chip", has_text="Urlaub").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(jonas.locator("img").first).not_to_have_attribute("src", with_palm)
    await expect(jonas.get_by_role("img", name="active")).to_be_visible()
    await demo_page.no_status_of("Jonas Weber")
    assert photos.own_face(JONAS)


@pytest.mark.slow
async def test_line_is_edited_with_its_preview_and_a_routine_is_made(demo_page: DemoPage) -> None:
    page = demo_page.page
    home, dialog = page.locator("#home"), page.locator("dialog")
    await demo_page.be("Priya Nair")
    await page.click("#tab-home")
    await home.locator(".section", has_text="In a meeting").locator("[data-action=edit_line]").click()
    await dialog.locator("[data-block=text] input").fill("Busy")
    await dialog.locator("[data-block=emoji] input").click()
    await page.keyboard.type("blob")
    await expect(dialog.locator(".found li[aria-selected=true]")).to_have_text("blob-party")
    await page.keyboard.press("Enter")
    await dialog.get_by_label("Mute notifications").check()
    await dialog.get_by_role("button", name="Show what changes").click()
    await expect(dialog).to_contain_text("15 events of the coming week would now say:")
    await expect(dialog.get_by_label("Mute notifications")).to_be_checked()
    await dialog.get_by_role("button", name="Save").click()
    async with page.context.expect_page() as opened:
        await dialog.get_by_role("button", name="Allow").click()
    tab = await opened.value
    await tab.click("button[value=allow]")
    await expect(tab.locator("main")).to_contain_text("You are all set")
    await tab.close()
    await dialog.get_by_role("button", name="Close").last.click()

    await page.get_by_role("button", name="Add a routine").click()
    await dialog.locator("[data-block=text] input").fill("Tea")
    await dialog.locator("[data-block=from] input").fill("09:00")
    await dialog.locator("[data-block=to] input").fill("09:30")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(home).to_contain_text("09:00 – 09:15")  # where the meeting begins, which is higher in her list

    priya = row(demo_page, "Priya Nair")
    await demo_page.go_to("09:00")
    await demo_page.status_of("Priya Nair", "Tea")
    await expect(priya.locator(".muted")).to_have_count(0)
    await demo_page.go_to("09:15")
    await demo_page.status_of("Priya Nair", "Busy")
    await expect(priya.locator(".muted")).to_be_visible()
    await expect(priya.locator("img.emoji")).to_have_attribute("alt", "blob-party")
    await demo_page.go_to("10:00")
    await expect(priya.locator(".muted")).to_have_count(0)
