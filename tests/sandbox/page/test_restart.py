"""An open page outlives the sandbox: it says so, and goes on with the next one by itself."""

from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from bot.sandbox.slack import SlackSandbox


def test_an_open_page_goes_on_with_the_next_sandbox(browser: Browser) -> None:
    page = browser.new_page()
    with SlackSandbox() as first:
        port = urlsplit(first.url).port
        assert port is not None
        page.goto(first.url)
        page.get_by_test_id("composer").fill("written before")
        page.get_by_test_id("composer").press("Enter")
        expect(page.get_by_test_id("message")).to_have_count(1)
    connection = page.get_by_test_id("connection")
    expect(connection).to_contain_text("Lost the sandbox")
    with SlackSandbox(port=port) as second:
        expect(connection).to_have_text("No app is connected")
        page.get_by_test_id("composer").fill("written after")
        page.get_by_test_id("composer").press("Enter")
        expect(page.get_by_test_id("message")).to_have_count(1)
        assert [message["text"] for message in second.messages("general")] == ["written after"]
    page.close()
