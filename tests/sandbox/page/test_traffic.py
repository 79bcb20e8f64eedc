"""The traffic panel: entries, newest first, with requests and responses."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.faults import drop_before
from sandbox.rules import on_event
from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]


@pytest.fixture
def page(open_page: OpenPage, sandbox: SlackSandbox, app: App) -> Page:
    """Ana's page with the panel open and empty."""
    sandbox.traffic.clear()
    opened = open_page("ana")
    opened.get_by_test_id("traffic-toggle").click()
    expect(opened.get_by_test_id("traffic-count")).to_contain_text("Nothing yet")
    return opened


def test_calls_and_deliveries_come_newest_first(page: Page, client: WebClient) -> None:
    client.auth_test()
    client.users_info(user=client.auth_test()["user_id"])
    names = page.locator(".traffic code")
    expect(names).to_have_text(["users.info", "auth.test", "auth.test"])
    page.get_by_test_id("composer").fill("/incident")
    page.get_by_test_id("composer").press("Enter")
    command = page.locator(".traffic li", has=page.get_by_text("/incident", exact=True))
    expect(command.locator(".state")).to_have_text("acked")
    expect(command).to_contain_text("← Slack")
    expect(command.locator(".when")).to_contain_text("21:10:57")
    # Wait for the app's answer, so that it does not reach another test.
    expect(page.get_by_test_id("message").filter(has_text="Nothing is open")).to_be_visible()


def test_an_entry_opens_and_shows_what_was_asked_and_answered(
    page: Page, client: WebClient, sandbox: SlackSandbox
) -> None:
    channel = sandbox.channel("incidents").id
    client.conversations_info(channel=channel)
    row = page.locator(".traffic summary", has_text="conversations.info")
    row.click()
    asked, answered = (page.locator(".bodies pre").nth(at) for at in (0, 1))
    expect(asked).to_contain_text(f'"channel": "{channel}"')
    expect(answered).to_contain_text('"ok": true')
    row.click()
    expect(asked).to_be_hidden()


def test_errors_are_marked(page: Page, client: WebClient) -> None:
    client.auth_test()
    with pytest.raises(SlackApiError):
        client.conversations_info(channel="C404")
    expect(page.locator(".traffic li")).to_have_count(2)
    expect(page.locator(".traffic .state.bad")).to_have_text("200 channel_not_found")


def test_what_a_fault_did_is_marked(page: Page, sandbox: SlackSandbox) -> None:
    sandbox.redeliver_after()
    sandbox.faults = [on_event("message", drop_before(), times=1)]
    sandbox.person("ben").say("incidents", "is anybody there?")
    entry = page.locator(".traffic li", has_text="message").first
    expect(entry.locator(".state")).to_have_text("lost on the way")
    expect(entry.locator(".tag")).to_have_text("BY A FAULT")
    sandbox.faults.clear()
