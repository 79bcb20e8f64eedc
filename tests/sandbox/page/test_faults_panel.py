"""The panel of faults: buttons that break things, what stands and how often it struck, and healing."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox import fault_menu
from sandbox.fault_proxy import FaultProxy
from sandbox.faults import says
from sandbox.own_words import System
from sandbox.rules import on_request
from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def github(sandbox: SlackSandbox) -> Iterator[FaultProxy]:
    """A GitHub of nothing but a proxy, to be broken from the page."""
    with FaultProxy(system=System.GITHUB) as proxy:
        sandbox.register_faults(proxy, fault_menu.GITHUB)
        yield proxy


@pytest.fixture
def page(
    open_page: OpenPage, sandbox: SlackSandbox, app: App, github: FaultProxy
) -> Iterator[Page]:
    """Ana with the panel open, and everything well."""
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
    _says(
        page,
        "Slack, from now on: For 60 s: every call: HTTP 429 without effect, Retry-After: 30.",
    )
    standing = page.locator(".fault-standing")
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
    _says(page, "Slack, from now on: Every event: it comes twice.")
    with pytest.raises(SlackApiError, match="token_revoked"):
        client.auth_test()
    expect(page.locator(".fault-standing")).to_have_count(2)
    page.get_by_label("Take away: The bot token is revoked.").click()
    _says(page, "The bot token is good again.")
    expect(page.locator(".fault-standing")).to_have_count(1)
    assert client.auth_test()["ok"]


def test_what_is_chosen_is_what_goes_wrong(
    page: Page, client: WebClient, sandbox: SlackSandbox
) -> None:
    page.get_by_label("Take away a scope: Scope").select_option("channels:read")
    _press(page, "slack-scope")
    _says(page, "The bot token lacks the scope channels:read from now on.")
    with pytest.raises(SlackApiError, match="missing_scope"):
        client.conversations_info(channel=sandbox.channel("incidents").id)
    _press(page, "slack-scope")
    _says(page, "The bot token lacks the scope channels:read already.")
    expect(page.get_by_test_id("fault-said")).to_have_class("outage-said failed")
    before = sandbox.traffic.since(0)["version"]
    page.get_by_label("Slack disconnects: Reason").select_option("link_disabled")
    _press(page, "slack-disconnect")
    _says(page, "Slack sent link_disabled and closed the sockets.")
    told = sandbox.traffic.since(before)["entries"]
    assert ("disconnect", "link_disabled") in [(each["name"], each["outcome"]) for each in told]
    sandbox.wait_for(lambda: sandbox.bot_connected, what="the app to come back")


def test_a_rule_of_ones_own(page: Page, github: FaultProxy) -> None:
    form = page.get_by_test_id("own-rule")
    form.get_by_label("What", exact=True).select_option("GitHub: a request")
    form.get_by_label("HTTP method, as POST|PATCH").fill("POST")
    form.get_by_label("Path begins (regular expression)").fill("/repos/.*/issues$")
    form.get_by_label("What it does").select_option("answers with a status")
    form.get_by_label("HTTP status").fill("503")
    form.get_by_label("after it took effect").check()
    form.get_by_label("Which").select_option("only the one with the number")
    form.get_by_role("button", name="Let it happen").click()
    _says(page, "GitHub, from now on: The 2nd POST /repos/.*/issues$: HTTP 503 after the effect.")
    wanted = on_request("POST", "/repos/.*/issues$", says(503, effect=True), numbers=(2,))
    assert [each.rule for each in github.faults.standing()] == [wanted]


def test_a_rule_that_cannot_be_is_refused_in_a_sentence(page: Page, github: FaultProxy) -> None:
    form = page.get_by_test_id("own-rule")
    form.get_by_label("What", exact=True).select_option("GitHub: a request")
    form.get_by_label("Path begins (regular expression)").fill("(")
    form.get_by_role("button", name="Let it happen").click()
    expect(page.get_by_test_id("fault-said")).to_contain_text("The path is no regular expression")
    assert len(github.faults) == 0


def test_a_slack_delivery_offers_what_deliveries_suffer(page: Page, sandbox: SlackSandbox) -> None:
    form = page.get_by_test_id("own-rule")
    form.get_by_label("What", exact=True).select_option("Slack: a delivery")
    kinds = form.get_by_label("What it does").locator("option")
    expect(kinds).to_have_text(
        [
            "is slow",
            "comes twice",
            "never comes",
            "comes late",
            "is overtaken",
            "loses its acknowledgement",
        ]
    )
    form.get_by_label("What it does").select_option("never comes")
    form.get_by_label("Event, command or action, as message").fill("message")
    form.get_by_label("Which").select_option("the next ones, so many")
    form.get_by_role("button", name="Let it happen").click()
    _says(page, "Slack, from now on: The next delivery message: it never comes.")
    before = len(sandbox.deliveries)
    sandbox.person("ben").say("incidents", "lost")
    sandbox.wait_for(lambda: len(sandbox.deliveries) == before + 1, what="the delivery's end")
    assert not sandbox.deliveries[-1].reached
