"""The demo with the real app in it, and a page of it in headless Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from demo import serving
from demo.serving import Demo
from services import bootstrap
from services.platform import readers
from services.platform.settings import Settings
from services.ports import Clock
from tests.support import databases  # noqa: F401 - for the compiled statements that all engines share
from tests.support.needed import missing
from tests.support.quick_sqlite import stand_in
from tests.support.readers import ReaderHere

_SYSTEM = Path("/usr/bin/chromium")
CHROMIUM = str(_SYSTEM) if _SYSTEM.exists() else None
"""The system's; where there is none, the one that playwright installs."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=20_000)  # a loaded machine is slow, not wrong
MONDAY = datetime(2026, 11, 23, 8, 55, tzinfo=UTC)


@dataclass
class DemoPage:
    """A demo and somebody who looks at it. The clock stands until a test moves it."""

    demo: Demo
    page: Page

    async def be(self, name: str) -> None:
        """Look at the workspace as that person, in its general channel."""
        await self.page.click("#tab-general")
        await self.page.get_by_role("button", name=name).first.click()
        await self.page.wait_for_selector(f".member[aria-pressed=true]:has-text('{name}')")

    async def type(self, text: str) -> None:
        await self.page.fill("#box", text)
        await self.page.press("#box", "Escape")
        await self.page.press("#box", "Enter")

    async def go_to(self, time: str) -> None:
        await self.page.fill(".jump input", time)
        await self.page.click(".jump button")
        await self.page.wait_for_function(
            "time => document.querySelector('#clock time').textContent.startsWith(time)"
            " && !document.querySelector('#clock').classList.contains('jumping')",
            arg=time,
        )

    async def status_of(self, name: str, text: str) -> None:
        """Wait until that person's row shows `text`."""
        row = f".member:has-text('{name}') .status"
        await self.page.wait_for_function(
            "([row, text]) => [...document.querySelectorAll('.member')].find((m) => m.textContent.includes(row))"
            "?.querySelector('.status').textContent.includes(text)",
            arg=[name, text],
        )
        assert text in (await self.page.inner_text(row))

    async def drag(self, title: str, hours: int) -> None:
        """Move an event down by hours."""
        block = self.page.locator(f".event:has-text('{title}')")
        box = await block.bounding_box()
        assert box is not None
        x, y = box["x"] + 40, box["y"] + 6
        await self.page.mouse.move(x, y)
        await self.page.mouse.down()
        await self.page.mouse.move(x, y + 46 * hours, steps=6)
        await self.page.mouse.up()

    async def sign_in(self, provider: str, decision: str) -> str:
        """Connect an account: `/quo connect`, the provider's button, our page, its consent page, and Slack's.

        What stood on the consent page, and at the end. `decision` is the button that is pressed on it.
        """
        person = await self.page.locator(".member[aria-pressed=true] .name").inner_text()
        await self.type("/quo connect")
        async with self.page.context.expect_page() as opened:
            await self.page.locator("dialog").get_by_role("button", name=provider).click()
        tab = await opened.value
        await expect(tab.locator(".who")).to_contain_text(person.removesuffix("you").strip())
        await tab.get_by_role("button", name=f"Go on to {provider}").click()
        chosen = await tab.locator("[name=account]:checked, [name=account] option:checked").first.get_attribute("value")
        await tab.click(f"button[value={decision}]")
        if decision != "deny":
            await tab.wait_for_url("**/slack/oauth/v2/authorize?**")
            await tab.click("button[value=allow]")
        await tab.wait_for_url(re.compile(r"/(callback|oauth_redirect)\?"))
        said = await tab.locator("main").inner_text()
        await tab.close()
        return f"{chosen}: {said}"

    async def no_status_of(self, name: str) -> None:
        """Wait until that person's row shows no status."""
        await self.page.wait_for_selector(f".member:has-text('{name}') .about")


@pytest.fixture(scope="package", autouse=True)
def _readers_and_sqlite_here() -> Iterator[None]:
    """In this process, as in the scenarios: each demo would start a process of its own to read its calendars."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "_Reader", ReaderHere)
        stand_in(patch)
        yield


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def chromium() -> AsyncIterator[Browser]:
    """One for all tests: starting it takes longer than most of them."""
    async with AsyncExitStack() as stack:
        try:
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        except Exception as error:  # none of Playwright's where its Node.js lacks a library of the system's
            missing("Chromium", f"Debian has it in `chromium`, with `libatomic1`; {str(error).splitlines()[0]}")
        yield browser
        await browser.close()


@asynccontextmanager
async def open_demo(chromium: Browser, migrated: Path) -> AsyncIterator[DemoPage]:
    async def build(config: Settings, *, clock: Clock, pace: float) -> bootstrap.Service:
        shutil.copy(migrated, config.database_url.removeprefix("sqlite+aiosqlite:///"))
        return await bootstrap.build(config, clock=clock, pace=pace)

    async with serving.open_demo(build, start=MONDAY) as running:
        running.clock.pause()
        context = await chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        page = await context.new_page()
        page.set_default_timeout(20_000)
        trouble: list[str] = []
        page.on(
            "console",
            lambda said: trouble.append(f"{said.text} {said.location}") if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: trouble.append(str(error)))
        await page.goto(running.address)
        await page.wait_for_selector(".member[aria-pressed=true]")
        yield DemoPage(running, page)
        await context.close()
    assert trouble == []


@pytest_asyncio.fixture(loop_scope="package")
async def demo_page(chromium: Browser, migrated_sqlite: Path) -> AsyncIterator[DemoPage]:
    """A demo of one's own, at five to nine: starting it takes longer than most tests, so few have one."""
    async with open_demo(chromium, migrated_sqlite) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def day_page(chromium: Browser, migrated_sqlite: Path) -> AsyncIterator[DemoPage]:
    """One demo for the tests of a module that go through the day one after the other, each for somebody else: a later
    one finds its own people as they were, whatever the time."""
    async with open_demo(chromium, migrated_sqlite) as opened:
        yield opened


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared_page(chromium: Browser, migrated_sqlite: Path) -> AsyncIterator[DemoPage]:
    """One demo for all tests that leave its clock where it stands; each begins by being somebody."""
    async with open_demo(chromium, migrated_sqlite) as opened:
        yield opened
