"""Search: what is found, by which filters, by whom, and where one lands."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox
from tests.sandbox.page.conftest import note_found

OpenPage = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("said")


@pytest.fixture(scope="module")
def said(sandbox: SlackSandbox, client: WebClient) -> str:
    """An evening's talk; gives the ts of a reply in a thread."""
    ana, ben, dora = (sandbox.person(name) for name in ("ana", "ben", "dora"))
    ben.create_channel("postmortem", True)
    ben.say("postmortem", "the proxy was my fault")
    root = ben.say("hub-ops", "the proxy was evicted")
    for number in range(40):
        ben.say("hub-ops", f"line {number}")
    reply = dora.say("hub-ops", "the Proxy of <b>Berlin</b>", thread_ts=root)
    ana.say("general", "I look at the proxy")
    ana.say("general", "@ben and at the routes :fire:")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "a *zebra* in blocks"}}
    client.chat_postMessage(channel="#incidents", text="fallback", blocks=[section])
    client.chat_postEphemeral(
        channel=sandbox.channel("general").id, user=ana.id, text="a whispered proxy"
    )
    return reply


def _search(page: Page, line: str) -> Locator:
    """The results for a line, in a search opened by keys."""
    if not page.get_by_test_id("search-box").is_visible():
        page.keyboard.press("Control+k")
    page.get_by_test_id("search-box").fill(line)
    return page.get_by_test_id("search-item")


def test_words_are_found_wherever_one_may_look(open_page: OpenPage) -> None:
    page = open_page("ana")
    hits = _search(page, "PROXY").locator(".hit-text")
    expect(hits).to_have_text(
        ["I look at the proxy", "the Proxy of <b>Berlin</b>", "the proxy was evicted"]
    )
    expect(hits.first.locator("mark")).to_have_text("proxy")
    expect(page.locator(".search-count")).to_have_text("3 messages")
    expect(_search(page, "zebra").locator(".hit-text")).to_have_text("a zebra in blocks")
    expect(_search(page, "dora").locator(".hit-text")).to_have_text("the Proxy of <b>Berlin</b>")
    expect(_search(page, '"at the routes"').locator(".hit-text")).to_have_text(
        "@ben and at the routes 🔥"
    )
    _search(page, "nobody said this")
    expect(page.locator(".search-count")).to_have_text("Nothing found.")


def test_private_channels_are_found_by_their_members_alone(open_page: OpenPage) -> None:
    ben = open_page("ben")
    expect(_search(ben, "fault").locator(".hit-text")).to_have_text("the proxy was my fault")
    ana = open_page("ana")
    expect(_search(ana, "fault")).to_have_count(0)
    expect(_search(ana, "in:#postmortem proxy")).to_have_count(0)
    expect(_search(ana, "postmortem")).to_have_count(0)
    guest = open_page("gus", "hub-ops")
    expect(_search(guest, "proxy").locator(".hit-head")).to_contain_text(["hub-ops", "hub-ops"])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("proxy from:@ben", ["the proxy was evicted"]),
        ("from:me proxy", ["I look at the proxy"]),
        ("proxy in:#hub-ops from:dora", ["the Proxy of <b>Berlin</b>"]),
        ("proxy in:general", ["I look at the proxy"]),
        ("has:thread", ["the proxy was evicted"]),
        ("proxy before:2017-02-23", []),
        ("evicted after:2017-02-22", ["the proxy was evicted"]),
        ("evicted on:2017-02-23", ["the proxy was evicted"]),
        ("proxy from:@nobody", []),
    ],
)
def test_filters_narrow_it(open_page: OpenPage, line: str, found: list[str]) -> None:
    page = open_page("ana")
    expect(_search(page, line).locator(".hit-text")).to_have_text(found)


def test_a_filter_is_completed_and_a_channel_is_gone_to(open_page: OpenPage) -> None:
    page = open_page("ana")
    page.get_by_test_id("search-field").click()
    box = page.get_by_test_id("search-box")
    box.press_sequentially("proxy from:")
    expect(page.locator(".search-item.completion").first).to_have_text("proxy from:me")
    box.press_sequentially("@be")
    box.press("Enter")
    expect(box).to_have_value("proxy from:@ben ")
    expect(page.locator(".hit-text")).to_have_text("the proxy was evicted")
    box.fill("hub-o")
    expect(page.locator(".search-item.place")).to_contain_text("hub-ops")
    box.press("Enter")
    expect(page.get_by_test_id("channel-name")).to_have_text("hub-ops")
    expect(page.get_by_test_id("search-box")).to_have_count(0)


def test_one_lands_at_the_message(open_page: OpenPage) -> None:
    page = open_page("ana")
    wait_until_found = note_found(page)
    _search(page, "evicted").click()
    expect(page.get_by_test_id("channel-name")).to_have_text("hub-ops")
    message = page.get_by_test_id("channel-log").locator("article", has_text="was evicted")
    expect(message).to_be_in_viewport()
    wait_until_found(message)
    expect(message).to_be_focused()


def test_a_reply_is_shown_in_its_thread(open_page: OpenPage) -> None:
    page = open_page("ana")
    _search(page, "berlin")
    page.keyboard.press("Enter")
    reply = page.get_by_test_id("thread-log").locator("article", has_text="Berlin")
    expect(reply).to_be_in_viewport()
    expect(reply).to_be_focused()
    root = page.get_by_test_id("channel-log").locator("article", has_text="was evicted")
    expect(root).to_be_in_viewport()


def test_keys_open_walk_and_close_it(open_page: OpenPage) -> None:
    page = open_page("ana")
    composer = page.get_by_test_id("composer")
    composer.fill("/")
    expect(page.get_by_test_id("search-box")).to_have_count(0)
    composer.fill("")
    page.get_by_test_id("channel-link").first.focus()
    page.keyboard.press("/")
    box = page.get_by_test_id("search-box")
    expect(box).to_be_focused()
    box.fill("proxy")
    items = page.get_by_test_id("search-item")
    expect(items.nth(0)).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(items.nth(1)).to_have_attribute("aria-selected", "true")
    second = items.nth(1).get_attribute("id")
    expect(box).to_have_attribute("aria-activedescendant", str(second))
    box.press("ArrowUp")
    box.press("ArrowUp")
    expect(items.nth(2)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(page.get_by_test_id("channel-link").first).to_be_focused()


def test_a_hit_shows_the_words_without_their_marks(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    marked = (
        "*down* in `kubectl get_all_pods`:\n> *_wombats_* are 2*3*4 ~or so~\n```\nerr_or_s\n```"
    )
    sandbox.person("ben").say("hub-ops", marked)
    hits = _search(open_page("ana"), "wombats").locator(".hit-text")
    expect(hits).to_have_text("down in kubectl get_all_pods: wombats are 2*3*4 or so err_or_s")
