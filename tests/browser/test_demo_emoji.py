"""An emoji is chosen in the app's form, from a menu that is searched while somebody types."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

MAYA = "U0MAYA0001"


async def test_emoji_is_searched_for_by_name_and_the_workspaces_own_is_chosen(demo_page: DemoPage) -> None:
    page, slack = demo_page.page, demo_page.demo.slack
    await demo_page.be("Maya Okafor")
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
    await demo_page.status_of("Maya Okafor", "Town hall")
    assert slack.member(MAYA).emoji == ":acme:"
