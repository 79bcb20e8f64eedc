"""An open page reports that the sandbox stopped, and reconnects to the next one."""

import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from sandbox.slack import SlackSandbox
from tests.support.app_manifest import APP_MANIFEST


@pytest.fixture
def port() -> Iterator[int]:
    """A port that stays reserved while no sandbox listens on it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_an_open_page_goes_on_with_the_next_sandbox(browser: Browser, port: int) -> None:
    page = browser.new_page()
    with SlackSandbox(manifest=APP_MANIFEST, port=port) as first:
        page.goto(first.url)
        page.get_by_test_id("composer").fill("written before")
        page.get_by_test_id("composer").press("Enter")
        expect(page.get_by_test_id("message")).to_have_count(1)
    connection = page.get_by_test_id("connection")
    expect(connection).to_contain_text("Lost the sandbox")
    with SlackSandbox(manifest=APP_MANIFEST, port=port) as second:
        expect(connection).to_have_text("No app is connected")
        page.get_by_test_id("composer").fill("written after")
        page.get_by_test_id("composer").press("Enter")
        expect(page.get_by_test_id("message")).to_have_count(1)
        assert [message["text"] for message in second.messages("general")] == ["written after"]
    page.close()
