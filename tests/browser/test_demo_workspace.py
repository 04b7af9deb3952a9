"""What an admin does in the demo: a name in the leave calendar is tied, and its member's leave shows."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]


@pytest.mark.slow
async def test_admin_ties_a_name_of_the_leave_calendar_and_the_digest_tells_of_who_never_connected(
    day_page: DemoPage,
) -> None:
    page = day_page.page
    kept = page.locator("#colleagues-out li")
    await expect(kept.filter(has_text="Nora Lindqvist")).to_contain_text("Out of office until")
    await expect(page.locator("#colleagues-rest")).to_have_text("and 23 more colleagues")
    await page.click("[data-admin]")
    await page.locator("[data-action=open_workspace]").click()
    form = page.locator("dialog[open]")
    await expect(form).to_contain_text("Bob Okonkwo (Paid Vacation - 2 days)")
    await form.locator("select:has(option:text('Robert Okonkwo'))").select_option(label="Robert Okonkwo")
    await expect(kept.filter(has_text="Robert Okonkwo")).to_contain_text("Out of office until")
    await expect(form).not_to_contain_text("fits nobody")
    await form.locator("button:has-text('Cancel')").click()
    await page.click("#tab-general")
    await day_page.go_to("09:00")
    digest = page.locator(".message").last
    for name in ("Jonas Weber", "Nora Lindqvist", "Robert Okonkwo"):
        await expect(digest).to_contain_text(name)
