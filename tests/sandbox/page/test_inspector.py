"""The panel of traffic: what comes, newest first; filters, details, pausing and forgetting."""

from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.faults import drop_before
from sandbox.rules import on_event
from sandbox.slack import SlackSandbox
from tests.support.waiting import wait_until

OpenPage = Callable[..., Page]


@pytest.fixture
def page(open_page: OpenPage, sandbox: SlackSandbox, app: App) -> Page:
    """Ana with the panel open, and nothing in it."""
    opened = open_page("ana")
    opened.get_by_test_id("traffic-toggle").click()
    # That nothing is shown may also mean that nothing was asked for yet.
    with opened.expect_response("**/_sandbox/traffic/clear"):
        opened.get_by_test_id("traffic-clear").click()
    expect(opened.get_by_test_id("traffic-count")).to_contain_text("Nothing yet")
    return opened


def test_calls_and_deliveries_come_newest_first(page: Page, client: WebClient) -> None:
    expect(page.get_by_test_id("traffic-count")).to_contain_text("Nothing yet")
    client.auth_test()
    client.users_info(user=client.auth_test()["user_id"])
    names = page.locator(".traffic-name")
    expect(names).to_have_text(["users.info", "auth.test", "auth.test"])
    page.get_by_test_id("composer").fill("/incident")
    page.get_by_test_id("composer").press("Enter")
    command = page.locator(".traffic-entry", has=page.get_by_text("/incident", exact=True))
    expect(command.locator(".state")).to_have_text("acked")
    expect(command.locator(".course")).to_have_text("← Slack")
    expect(command.locator(".traffic-when")).to_contain_text("21:10:57")
    # The app's answer is traffic, too: none of it is left for another test.
    expect(page.get_by_test_id("message").filter(has_text="Nothing is open")).to_be_visible()


def test_what_comes_right_after_the_forgetting_is_shown(page: Page, client: WebClient) -> None:
    held: list[tuple[Route, APIResponse]] = []
    client.auth_test()
    names = page.locator(".traffic-name")
    expect(names).to_have_text(["auth.test"])
    page.route("**/traffic/clear", lambda route: held.append((route, route.fetch())))
    page.get_by_test_id("traffic-clear").click()
    expect(names).to_have_count(0)
    wait_until(lambda: page.title() and held, "the answer that is held")
    client.api_test()
    expect(names).to_have_text(["api.test"])
    (route, response) = held[0]
    route.fulfill(response=response)
    client.auth_test()
    expect(names).to_have_text(["auth.test", "api.test"])


def test_an_entry_opens_and_shows_what_was_asked_and_answered(
    page: Page, client: WebClient, sandbox: SlackSandbox
) -> None:
    channel = sandbox.channel("incidents").id
    client.conversations_info(channel=channel)
    row = page.locator(".traffic-row", has_text="conversations.info")
    expect(row).to_have_attribute("aria-expanded", "false")
    row.click()
    expect(row).to_have_attribute("aria-expanded", "true")
    asked, answered = page.locator(".traffic-details pre").all()
    expect(asked).to_contain_text(f'"channel": "{channel}"')
    expect(answered).to_contain_text('"ok": true')
    row.click()
    expect(page.locator(".traffic-details")).to_have_count(0)


def test_errors_are_marked_and_everything_can_be_filtered(page: Page, client: WebClient) -> None:
    client.auth_test()
    with pytest.raises(SlackApiError):
        client.conversations_info(channel="C404")
    entries = page.locator(".traffic-entry")
    expect(entries).to_have_count(2)
    expect(page.locator(".traffic-entry.bad .state")).to_have_text("200 channel_not_found")
    page.get_by_label("Errors only").check()
    expect(page.locator(".traffic-name")).to_have_text(["conversations.info"])
    page.get_by_label("Errors only").uncheck()
    page.get_by_label("Filter by text").fill("AUTH")
    expect(page.locator(".traffic-name")).to_have_text(["auth.test"])
    expect(page.get_by_test_id("traffic-count")).to_have_text("1 of 2, newest first")
    page.get_by_label("System", exact=True).select_option("github")
    expect(page.get_by_test_id("traffic-count")).to_contain_text("nothing fits the filter")


def test_it_pauses_goes_on_and_forgets(page: Page, open_page: OpenPage, client: WebClient) -> None:
    client.auth_test()
    expect(page.locator(".traffic-entry")).to_have_count(1)
    page.get_by_test_id("traffic-pause").click()
    expect(page.get_by_test_id("traffic-count")).to_contain_text("paused")
    # Another panel that asks twice meanwhile: the paused one would have asked as well.
    other = open_page("ben")
    other.get_by_test_id("traffic-toggle").click()
    for calls in (2, 3):
        client.auth_test()
        expect(other.locator(".traffic-name", has_text="auth.test")).to_have_count(calls)
    expect(page.locator(".traffic-entry")).to_have_count(1)
    page.get_by_test_id("traffic-pause").click()
    expect(page.locator(".traffic-name", has_text="auth.test")).to_have_count(3)
    page.get_by_test_id("traffic-clear").click()
    expect(page.locator(".traffic-entry")).to_have_count(0)
    page.reload()
    page.get_by_test_id("traffic-toggle").click()
    expect(page.get_by_test_id("traffic-count")).to_contain_text("Nothing yet")


def test_what_a_fault_did_is_marked(page: Page, sandbox: SlackSandbox) -> None:
    sandbox.redeliver_after()
    sandbox.faults = [on_event("message", drop_before(), times=1)]
    sandbox.person("ben").say("incidents", "is anybody there?")
    entry = page.locator(".traffic-entry.bad", has_text="message")
    expect(entry.locator(".state")).to_have_text("lost on the way")
    expect(entry.locator(".tag")).to_have_text("BY A FAULT")
    sandbox.faults.clear()
