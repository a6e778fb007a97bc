"""Fixtures: a real Chromium without network, and pages of reports in it."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the machine, started once. As root it has no sandbox of its own."""
    program = subprocess.run(["which", "chromium"], capture_output=True, text=True).stdout.strip() or CHROMIUM
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@dataclass
class OpenedPage:
    """A *page*, what it wrote to the console or threw (nothing, if it *is_silent*), and what it asked for."""

    page: Page
    is_silent: bool = True
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Opener = Callable[..., OpenedPage]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opener]:
    """Opens a file in a window of its own, and fails where a page wrote a message or asked for anything else."""
    contexts: list[BrowserContext] = []
    found: list[OpenedPage] = []

    def open_page(
        file: Path, fragment: str = "", width: int = 1300, scheme: str = "light", axe: bool = False
    ) -> OpenedPage:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            offline=True,
            bypass_csp=axe,
        )
        context.set_default_timeout(300_000)
        contexts.append(context)
        made = OpenedPage(context.new_page())
        made.page.on("console", lambda message: made.messages.append(message.text))
        made.page.on("pageerror", lambda error: made.messages.append(str(error)))
        made.page.on("request", lambda request: made.requests.append(request.url))
        made.page.goto(f"{file.as_uri()}{fragment}")
        made.page.wait_for_selector("main > *", state="attached")
        found.append(made)
        return made

    yield open_page
    for each in found:
        assert each.messages == [] or not each.is_silent
        assert [request for request in each.requests if not request.startswith(("file:", "data:"))] == []
        assert len([request for request in each.requests if request.startswith("file:")]) == 1
    for context in contexts:
        context.close()
