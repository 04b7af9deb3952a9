"""A key for agents, as somebody makes, uses and revokes it on the demo's page."""

from __future__ import annotations

import re

import aiohttp
import pytest
from playwright.async_api import expect

from tests.browser.conftest import DemoPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]


@pytest.mark.slow
async def test_key_is_made_shown_once_used_and_revoked(shared_page: DemoPage) -> None:
    page, url = shared_page.page, f"{shared_page.demo.app}/api/v1/set_status"
    await shared_page.be("Priya Nair")
    await page.click("#tab-home")
    await page.locator("#home").get_by_role("button", name="Keys", exact=True).click()
    dialog = page.locator("dialog")
    await dialog.get_by_role("button", name="Make a key").click()
    await expect(dialog).to_contain_text("Give the key a name")
    await dialog.get_by_label("Name of the new key").fill("My script")
    await dialog.get_by_label("Read and write").check()
    await dialog.get_by_role("button", name="Make a key").click()
    await expect(dialog).to_contain_text("I show it only this once")
    found = re.search(r"quo_[\w-]{43}", await dialog.inner_text())
    assert found is not None
    headers = {"Authorization": f"Bearer {found[0]}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(url, json={"text": "Asked a script", "minutes": 5}) as answer:
            assert answer.status == 200
        await shared_page.status_of("Priya Nair", "Asked a script")
        await dialog.get_by_role("button", name="All keys").click()
        await expect(dialog).to_contain_text("last used")
        assert found[0] not in await page.content()
        await dialog.get_by_role("button", name="Revoke").click()
        await page.get_by_role("button", name="Revoke").last.click()  # the question before it
        await expect(dialog.first).not_to_contain_text("My script")
        async with session.post(url, json={"text": "Once more"}) as answer:
            assert answer.status == 401
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#home").get_by_role("button", name="Keys", exact=True)).to_be_focused()
    await page.click("#tab-general")
    await shared_page.type("/quo clear")
    await shared_page.no_status_of("Priya Nair")
