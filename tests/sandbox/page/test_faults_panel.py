"""The faults panel: fault buttons, active faults with their counts, and healing."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox import fault_menu
from sandbox.fault_proxy import FaultProxy
from sandbox.own_words import System
from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def github(sandbox: SlackSandbox) -> Iterator[FaultProxy]:
    """A GitHub fault proxy without an upstream, for the page."""
    with FaultProxy(system=System.GITHUB) as proxy:
        sandbox.register_faults(proxy, fault_menu.GITHUB)
        yield proxy


@pytest.fixture
def page(
    open_page: OpenPage, sandbox: SlackSandbox, app: App, github: FaultProxy
) -> Iterator[Page]:
    """Ana's page with the panel open and no faults."""
    opened = open_page("ana")
    opened.get_by_test_id("faults-toggle").click()
    expect(opened.get_by_test_id("fault-active")).to_have_text("Everything works as it should.")
    yield opened
    sandbox.board.heal()


def _press(page: Page, trouble: str) -> None:
    page.locator(f"[data-trouble={trouble}]").click()


def _says(page: Page, sentence: str) -> None:
    expect(page.get_by_test_id("fault-said")).to_have_text(sentence)


def test_a_button_breaks_something_until_all_is_healed(page: Page, client: WebClient) -> None:
    _press(page, "slack-429")
    expect(page.get_by_test_id("fault-said")).to_contain_text("Slack, from now on: ")
    standing = page.locator(".fault")
    expect(standing).to_contain_text("Nothing of the kind has come yet.")
    with pytest.raises(SlackApiError, match="ratelimited"):
        client.auth_test()
    expect(standing).to_contain_text("Struck 1 of 1 that came.")
    page.get_by_test_id("fault-heal").click()
    _says(page, "Everything is healed: 1 fault is gone.")
    expect(standing).to_have_count(0)
    assert client.auth_test()["ok"]
    page.get_by_test_id("fault-heal").click()
    _says(page, "There was nothing to heal.")


def test_faults_are_taken_away_one_by_one(page: Page, client: WebClient) -> None:
    _press(page, "slack-revoke")
    _says(page, "The bot token is revoked.")
    _press(page, "slack-twice")
    expect(page.get_by_test_id("fault-said")).to_contain_text("Slack, from now on: ")
    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()
    expect(page.locator(".fault")).to_have_count(2)
    page.get_by_label("Take away: The bot token is revoked.").click()
    _says(page, "The bot token is good again.")
    expect(page.locator(".fault")).to_have_count(1)
    assert client.auth_test()["ok"]


def test_what_is_chosen_is_what_goes_wrong(
    page: Page, client: WebClient, sandbox: SlackSandbox
) -> None:
    before = sandbox.traffic.since(0)["version"]
    page.get_by_label("Slack disconnects: Reason").select_option("link_disabled")
    _press(page, "slack-disconnect")
    expect(page.get_by_test_id("fault-said")).to_contain_text("link_disabled")
    told = sandbox.traffic.since(before)["entries"]
    assert ("disconnect", "link_disabled") in [(each["name"], each["outcome"]) for each in told]
    sandbox.wait_for(lambda: sandbox.bot_connected, what="the app to come back")
