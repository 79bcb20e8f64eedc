"""A press that starts before a page update still counts as a click."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]

_FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


def _take_your_time(page: Page) -> None:
    """Disable timers of 3 s and more, so that a slow press does not time out."""
    page.evaluate(
        """() => {
          const soon = window.setTimeout;
          window.setTimeout = (go, after = 0, ...more) => after < 3000 && soon(go, after, ...more);
        }"""
    )


@contextmanager
def _news(page: Page) -> Iterator[None]:
    """Wait on exit until the page has loaded and drawn the block's changes."""
    with page.expect_response(lambda answer: "/_sandbox/state" in answer.url) as heard:
        yield
    heard.value.finished()
    page.evaluate(_FRAMES)


def test_a_channel_that_gets_news_while_it_is_pressed_is_opened(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    page = open_page("ana", "hub-ops")
    _take_your_time(page)
    page.wait_for_load_state("networkidle")
    general = page.get_by_test_id("channel-link").filter(has_text="general")
    general.hover()
    page.mouse.down()
    with _news(page):
        sandbox.person("ben").say("general", "meanwhile")
    page.mouse.up()
    expect(page.get_by_test_id("channel-name")).to_have_text("general")
    expect(page.get_by_test_id("message").filter(has_text="meanwhile").last).to_be_visible()


def test_a_button_that_changes_under_the_space_bar_is_pressed(
    sandbox: SlackSandbox, client: WebClient, open_page: OpenPage
) -> None:
    page = open_page("ana", "general")
    _take_your_time(page)
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="pinned").focus()
    page.keyboard.down(" ")
    with _news(page):
        client.conversations_setTopic(channel=sandbox.channel("general").id, topic="New")
    page.keyboard.up(" ")
    expect(page.get_by_test_id("popover")).to_be_visible()
    expect(page.get_by_test_id("topic")).to_have_text("New")


def test_a_press_whose_end_is_never_told_holds_up_nothing_for_long(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    page = open_page("ana", "general")
    page.evaluate("() => window.dispatchEvent(new PointerEvent('pointerdown'))")
    sandbox.person("ben").say("general", "after all")
    expect(page.get_by_test_id("message").filter(has_text="after all")).to_be_visible()
