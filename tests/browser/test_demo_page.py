"""What a newcomer does on the demo's page, against the real app."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from emulators.slack import views
from tests.browser.conftest import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

SAM = "U0SAM00001"
PRIYA = "U0PRIYA001"
YUKI = "U0YUKI0001"


async def add_event(demo_page: DemoPage, title: str, start: str, end: str) -> None:
    page = demo_page.page
    await page.click("#entry-new")
    await page.fill("#e-title", title)
    await page.fill("#e-start", start)
    await page.fill("#e-end", end)
    await page.click("dialog button[type=submit]")
    await expect(page.locator(f".event:has-text('{title}')")).to_be_visible()


@pytest.mark.slow
async def test_paused_person_is_left_alone_until_resumed_and_a_deleted_event_takes_its_status_away(
    day_page: DemoPage,
) -> None:
    await day_page.type("/quo pause")
    await expect(day_page.page.locator(".message.only-you")).to_have_count(1)
    await day_page.go_to("09:00")
    await day_page.status_of("Yuki Tanaka", "Focusing")
    await day_page.no_status_of("Maya Okafor")
    await day_page.type("/quo resume")
    await day_page.status_of("Maya Okafor", "In a meeting")
    await day_page.page.locator(".event:has-text('Daily stand-up')").focus()
    await day_page.page.keyboard.press("Enter")
    await day_page.page.click("dialog button:has-text('Delete')")
    await day_page.no_status_of("Maya Okafor")


async def test_added_event_shows_and_a_status_set_by_hand_is_covered_or_stays(day_page: DemoPage) -> None:
    await day_page.be("Priya Nair")
    await add_event(day_page, "Planning", "09:02", "09:05")
    await day_page.page.click("#tab-home")
    await expect(day_page.page.locator("#home")).to_contain_text("Planning")
    await day_page.no_status_of("Priya Nair")
    await day_page.go_to("09:02")
    await day_page.status_of("Priya Nair", "In a meeting")
    first = day_page.page.locator("#log tr").first
    await expect(first).to_contain_text("09:02:00")
    await expect(first).to_contain_text("09:05")
    await expect(first.locator(".why")).to_contain_text("Planning")
    await day_page.go_to("09:05")
    await day_page.no_status_of("Priya Nair")

    await set_status(day_page, ":seedling:", "Watering <b>plants</b> & more")
    await day_page.status_of("Priya Nair", "Watering <b>plants</b> & more")
    await day_page.go_to("09:15")
    await day_page.status_of("Priya Nair", "In a meeting")
    await day_page.be("Sam Rivera")
    await day_page.go_to("09:50")
    await day_page.status_of("Sam Rivera", "In a meeting")
    await set_status(day_page, ":fire:", "Incident, do not disturb")
    await day_page.status_of("Sam Rivera", "Incident, do not disturb")
    await day_page.go_to("10:00")
    await day_page.status_of("Priya Nair", "Watering <b>plants</b> & more")
    member = day_page.demo.slack.member(PRIYA)
    assert (member.text, member.emoji, member.expiration) == ("Watering <b>plants</b> & more", ":seedling:", 0)
    await day_page.go_to("11:00")
    await day_page.status_of("Sam Rivera", "Incident, do not disturb")
    assert day_page.demo.slack.member(SAM).text == "Incident, do not disturb"


@pytest.mark.slow
async def test_what_is_typed_last_shows_while_the_clock_stands(day_page: DemoPage) -> None:
    await day_page.be("Yuki Tanaka")
    for text in ("One", "Two", "Three", "Four", "Five"):
        await day_page.type(f"/quo {text} for 1h")
        await day_page.status_of("Yuki Tanaka", text)


async def set_status(day_page: DemoPage, emoji: str, text: str) -> None:
    """By hand, as in Slack itself."""
    await day_page.page.click("#own-status")
    await day_page.page.fill("#own-emoji", emoji)
    await day_page.page.fill("#own-text", text)
    await day_page.page.click("dialog button[type=submit]")


@pytest.mark.slow
async def test_dragged_event_moves_with_its_status_and_a_fast_clock_meets_edges_at_their_second(
    demo_page: DemoPage,
) -> None:
    home = demo_page.page.locator("#home")
    await demo_page.drag("Daily stand-up", 2)
    await expect(demo_page.page.locator(".event:has-text('Daily stand-up')")).to_contain_text("11:00–11:15")
    await demo_page.page.click("#tab-home")
    await expect(home).to_contain_text("11:15")  # it lengthens the review, which ended at 11:00
    await demo_page.page.click("button:has-text('×600')")
    await demo_page.status_of("Yuki Tanaka", "Focusing")
    await demo_page.page.click("#run")
    starts = [call.at for call in demo_page.demo.slack.calls.all("users.profile.set", user=YUKI)]
    assert starts[0].isoformat() == "2026-11-23T09:00:00+00:00"
    await demo_page.no_status_of("Maya Okafor")

    await demo_page.be("Priya Nair")
    await demo_page.type("/ooo until 11am")
    await demo_page.status_of("Priya Nair", "Out of office until 11:00")
    await demo_page.go_to("10:59")
    await demo_page.status_of("Priya Nair", "Out of office until 11:00")
    await demo_page.go_to("11:00")
    await demo_page.no_status_of("Priya Nair")


async def test_ooo_friday_is_understood_and_undone(shared_page: DemoPage) -> None:
    await shared_page.be("Priya Nair")
    await shared_page.type("/ooo friday")
    reply = shared_page.page.locator(".message.only-you").last
    await expect(reply).to_contain_text("Fri 27 Nov")
    await shared_page.page.click("#tab-home")
    await expect(shared_page.page.locator("#home")).to_contain_text("Fri 27 Nov")
    await shared_page.no_status_of("Priya Nair")
    await shared_page.page.click("#tab-general")
    await reply.get_by_role("button", name="Undo").click()
    await shared_page.page.click("#tab-home")
    await expect(shared_page.page.locator("#home")).not_to_contain_text("Fri 27 Nov")


@pytest.mark.slow
async def test_bad_address_is_refused_on_its_own_block(shared_page: DemoPage) -> None:
    await shared_page.be("Maya Okafor")
    page = shared_page.page
    await shared_page.type("/quo connect")
    dialog = page.locator("dialog[data-callback=connect_calendar]")
    await dialog.locator("input").first.fill("not an address")
    await dialog.locator("button[type=submit]").click()
    error = dialog.locator("[data-block=feed] .error")
    await expect(error).to_be_visible()
    await expect(error).to_contain_text("not an address")
    await expect(dialog.locator("input").first).to_have_value("not an address")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)


@pytest.mark.slow
async def test_no_event_is_added_before_the_day_of_who_was_chosen_is_there(shared_page: DemoPage) -> None:
    at_once = "() => { document.querySelector('.member[aria-pressed=false]').click(); return %s }"
    assert await shared_page.page.evaluate(at_once % "document.getElementById('entry-new').disabled")
    await shared_page.page.click("#entry-new")
    await shared_page.page.wait_for_selector("#e-title")
    await shared_page.page.keyboard.press("Escape")


async def test_titles_are_text_whatever_they_hold(shared_page: DemoPage) -> None:
    await shared_page.be("Sam Rivera")
    title = "<img src=x onerror=alert(1)>"
    await shared_page.page.click("#entry-new")
    await shared_page.page.fill("#e-title", title)
    await shared_page.page.click("dialog button[type=submit]")
    await expect(shared_page.page.get_by_role("button", name=title).first).to_be_visible()
    await shared_page.page.click("#tab-home")
    await expect(shared_page.page.locator("#home")).to_contain_text(title)
    await shared_page.page.click("#tab-general")
    await shared_page.type(f"hello *{title}* <script>alert(2)</script>")
    await expect(shared_page.page.locator(".message").last).to_contain_text("<script>alert(2)</script>")
    assert await shared_page.page.locator("img[src=x], .messages script").count() == 0


async def test_whole_name_behind_an_at_is_the_same_mention(shared_page: DemoPage) -> None:
    await shared_page.be("Maya Okafor")
    await shared_page.type("where is @Sam Rivera today?")
    await expect(shared_page.page.locator(".message .text").last).to_have_text("where is @Sam Rivera today?")


async def test_localhost_leads_to_the_address_that_the_consent_pages_share(shared_page: DemoPage) -> None:
    address = shared_page.demo.address
    tab = await shared_page.page.context.new_page()
    await tab.goto(address.replace("127.0.0.1", "localhost"))
    assert tab.url.rstrip("/") == address
    await tab.close()


async def test_commands_are_offered_to_the_keyboard(shared_page: DemoPage) -> None:
    await shared_page.be("Maya Okafor")
    page = shared_page.page
    await page.focus("#box")
    await page.keyboard.type("/quo w")
    await expect(page.locator("#hints li")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#box")).to_have_value("/quo why")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.only-you").last).to_contain_text("Daily stand-up")


@pytest.mark.slow
async def test_commands_stay_offered_to_who_comes_back_to_the_box_at_once(shared_page: DemoPage) -> None:
    await shared_page.be("Maya Okafor")
    hidden = await shared_page.page.evaluate(
        """async () => {
          const box = document.getElementById("box");
          box.focus();
          box.blur();
          box.focus();
          box.value = "/quo w";
          box.dispatchEvent(new Event("input"));
          await new Promise((done) => setTimeout(done, 250)); // the page closes what is left after 150
          return document.getElementById("hints").hidden;
        }"""
    )
    assert hidden is False
    await shared_page.page.fill("#box", "")


async def test_every_block_and_element_is_drawn_and_reports_its_value(shared_page: DemoPage) -> None:
    """A modal with one of each; what was chosen is what a submission would carry."""

    def plain(text: str) -> dict[str, str]:
        return {"type": "plain_text", "text": text}

    options = [{"text": plain(name), "value": name.lower()} for name in ("One", "Two")]
    elements = {
        "plain_text_input": {"initial_value": "a"},
        "url_text_input": {"initial_value": "https://example.com"},
        "number_input": {"is_decimal_allowed": False, "initial_value": "7"},
        "datepicker": {"initial_date": "2026-11-24"},
        "timepicker": {"initial_time": "09:30"},
        "static_select": {"options": options, "initial_option": options[1]},
        "multi_static_select": {"options": options, "initial_options": [options[0]]},
        "checkboxes": {"options": options, "initial_options": [options[1]]},
        "radio_buttons": {"options": options, "initial_option": options[0]},
        "users_select": {"initial_user": PRIYA},
        "external_select": {"initial_option": options[0], "min_query_length": 1},
    }
    inputs = [
        {"type": "input", "block_id": kind, "label": plain(kind), "element": {"type": kind, "action_id": "x", **more}}
        for kind, more in elements.items()
    ]
    shown = [
        {"type": "header", "text": plain("A header")},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*bold*"}, {"type": "mrkdwn", "text": "_slanted_"}]},
        {"type": "section", "text": {"type": "mrkdwn", "text": "<https://example.com|a link> & `code`"}},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": ":tada: small print"}]},
    ]
    view = {
        "type": "modal", "callback_id": "everything", "title": plain("Everything"), "submit": plain("Go"),
        "blocks": [*shown, *inputs],
    }  # fmt: skip
    await shared_page.be("Maya Okafor")
    views.open_modal(shared_page.demo.slack, "U0MAYA0001", view)
    dialog = shared_page.page.locator("dialog[data-callback=everything]")
    await expect(dialog).to_be_visible()
    assert await dialog.locator("strong").inner_text() == "bold"
    assert await dialog.locator("a").get_attribute("href") == "https://example.com/"
    async with shared_page.page.expect_request("**/do/submit") as sent:
        await dialog.get_by_role("button", name="Go").click()
    request = await sent.value
    await request.response()
    values = request.post_data_json["values"]
    assert {kind: _chosen(values[kind]["x"]) for kind in elements} == {
        "plain_text_input": "a",
        "url_text_input": "https://example.com",
        "number_input": "7",
        "datepicker": "2026-11-24",
        "timepicker": "09:30",
        "static_select": options[1],
        "multi_static_select": [options[0]],
        "checkboxes": [options[1]],
        "radio_buttons": options[0],
        "users_select": PRIYA,
        "external_select": options[0],
    }
    await shared_page.page.keyboard.press("Escape")  # no handler of the app's closes it, and others come after
    await expect(dialog).to_have_count(0)


def _chosen(state: dict[str, object]) -> object:
    return next(value for name, value in state.items() if name != "type")
