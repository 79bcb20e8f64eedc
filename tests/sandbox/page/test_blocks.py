"""The app on the page: commands, modals, buttons, and every kind of block."""

from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox
from tests.support.waiting import wait_until

OpenPage = Callable[..., Page]
REQUIRED = "Please complete this required field."

pytestmark = pytest.mark.usefixtures("app")


def test_a_command_opens_a_modal_that_is_corrected_and_submitted(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    page = open_page("ana", "incidents")
    composer = page.get_by_test_id("composer")
    page.get_by_label("Shortcuts").click()
    page.get_by_role("menuitem", name="/incident").click()
    expect(composer).to_be_focused()
    composer.press_sequentially("declare bad")
    composer.press("Enter")

    modal = page.get_by_test_id("modal")
    expect(modal).to_be_visible()
    expect(page.get_by_test_id("modal-title")).to_have_text("Declare an incident")
    title = modal.get_by_label("Title")
    expect(title).to_have_value("bad")
    expect(title).to_be_focused()
    page.get_by_test_id("modal-submit").click()
    expect(modal.locator("[data-error-for=title]")).to_have_text("Say what users see.")
    expect(title).to_be_focused()

    title.fill("")
    title.press("Enter")
    expect(modal.locator("[data-error-for=title]")).to_have_text(REQUIRED)
    title.fill("Users see 500")
    modal.locator("[data-block-id=severity] select").select_option("sev1")
    title.press("Enter")
    expect(modal).to_be_hidden()
    expect(page.get_by_test_id("composer")).to_be_focused()
    message = page.get_by_test_id("message").filter(has_text="Users see 500 is sev1")
    expect(message.locator(".badge")).to_have_text("APP")

    message.locator("[data-action-id=take]").click()
    taken = page.get_by_test_id("message").filter(has_text="Taken by @Ana Ribeiro")
    expect(taken).to_be_visible()
    expect(message).to_have_count(0)


def test_escape_closes_a_modal(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("ben", "incidents")
    page.get_by_test_id("composer").fill("/incident declare nothing much")
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("modal")).to_be_visible()
    assert len(sandbox.person("ben").views()) == 1
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("modal")).to_be_hidden()
    assert sandbox.person("ben").views() == []


def test_an_updated_modal_keeps_what_was_typed_and_another_takes_its_place(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    page = open_page("chidi", "incidents")
    page.get_by_test_id("composer").fill("/incident kinds")
    page.get_by_test_id("composer").press("Enter")
    modal = page.get_by_test_id("modal")
    why = modal.get_by_label("Why")
    why.fill("because")
    modal.get_by_label("Kind").select_option("b")
    expect(modal).to_contain_text("You chose b.")
    expect(why).to_have_value("because")
    expect(modal.get_by_label("Kind")).to_have_value("b")

    modal.get_by_role("button", name="Other").click()
    page.get_by_role("dialog", name="Sure?").get_by_role("button", name="No").click()
    expect(why).to_have_value("because")
    modal.get_by_role("button", name="Other").click()
    page.get_by_test_id("confirm").click()
    expect(modal.get_by_label("Title")).to_have_value("another")
    expect(why).to_have_count(0)
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()


def _press_with_a_late_answer(page: Page) -> list[tuple[Route, APIResponse]]:
    """Submit an invalid form and hold back the answer until the page shows the error."""
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if held or '"submit"' not in (route.request.post_data or ""):
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route("**/_sandbox/act", hold_the_first)
    page.get_by_test_id("composer").fill("/incident declare bad")
    page.get_by_test_id("composer").press("Enter")
    page.get_by_test_id("modal-submit").click()
    error = page.get_by_test_id("modal").locator("[data-error-for=title]")
    expect(error).to_have_text("Say what users see.")
    # The answer may follow the page update; each Playwright call runs the route handler.
    wait_until(lambda: page.title() and held, "the answer that is held")
    return held


def test_a_late_answer_to_an_earlier_press_is_not_shown(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    page = open_page("ana", "incidents")
    held = _press_with_a_late_answer(page)
    modal = page.get_by_test_id("modal")
    error = modal.locator("[data-error-for=title]")
    title = modal.get_by_label("Title")
    title.fill("")
    title.press("Enter")
    (route, response) = held[0]
    route.fulfill(response=response)
    expect(page.get_by_test_id("modal-submit")).not_to_have_attribute("aria-busy", "true")
    expect(error).to_have_text(REQUIRED)
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()


def test_what_is_put_right_before_the_answer_comes_is_sent_after_it(
    sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    page = open_page("ana", "incidents")
    held = _press_with_a_late_answer(page)
    modal = page.get_by_test_id("modal")
    title = modal.get_by_label("Title")
    title.fill("Users see 504")
    title.press("Enter")
    (route, response) = held[0]
    route.fulfill(response=response)
    expect(modal).to_be_hidden()
    expect(page.get_by_test_id("message").filter(has_text="Users see 504 is")).to_have_count(1)


def test_a_modal_reports_what_was_chosen(open_page: OpenPage) -> None:
    page = open_page("ana", "incidents")
    page.get_by_test_id("composer").fill("/incident kinds")
    page.get_by_test_id("composer").press("Enter")
    modal = page.get_by_test_id("modal")
    page.get_by_test_id("modal-submit").click()
    expect(modal.locator("[data-error-for=what]")).to_have_text(REQUIRED)
    what = modal.locator("[data-block-id=what]")
    for name in ("a", "b"):
        modal.get_by_label("What").fill(name)
        what.get_by_role("option", name=name, exact=True).click()
    expect(what.locator(".chip")).to_have_text(["a", "b"])
    modal.get_by_label("Day").fill("2017-02-23")
    page.get_by_test_id("modal-submit").click()
    expect(modal).to_be_hidden()
    said = page.get_by_test_id("message").filter(has_text="Chosen for 2017-02-23: a, b")
    expect(said).to_be_visible()


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


_OPTIONS = [{"text": _plain(text), "value": text} for text in ("one", "two")]

_BLOCKS: list[dict[str, object]] = [
    {"type": "header", "text": _plain("Card :rotating_light:")},
    {"type": "divider"},
    {
        "type": "section",
        "fields": [{"type": "mrkdwn", "text": "*Status*\nfixing"}],
        "accessory": {"type": "overflow", "action_id": "a1", "options": _OPTIONS},
    },
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "&gt; quoted\n```code``` <https://example.org|link>"},
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "_by_ `mayday`"}]},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "b1", "text": _plain("Plain"), "value": "1"},
            {"type": "static_select", "action_id": "b2", "options": _OPTIONS},
            {"type": "users_select", "action_id": "b3"},
            {"type": "multi_static_select", "action_id": "b6", "options": _OPTIONS},
            {"type": "checkboxes", "action_id": "b8", "options": _OPTIONS},
            {"type": "radio_buttons", "action_id": "b9", "options": _OPTIONS},
            {"type": "datepicker", "action_id": "b10", "initial_date": "2017-02-23"},
            {"type": "external_select", "action_id": "b11"},
        ],
    },
]


def test_every_kind_of_block_is_drawn(client: WebClient, open_page: OpenPage) -> None:
    client.chat_postMessage(channel="#hub-ops", text="all blocks", blocks=_BLOCKS)
    page = open_page("ana", "hub-ops")
    message = page.get_by_test_id("message").filter(has_text="Card 🚨")
    expect(message.locator(".block")).to_have_count(len(_BLOCKS))
    expect(message.locator(".unsupported")).to_have_count(0)
    for at in (1, 2, 3, 6, 8, 9, 10, 11):
        expect(message.locator(f"[data-action-id=b{at}]")).to_have_count(1)
    expect(message.locator("[data-action-id=b10]")).to_have_value("2017-02-23")
    expect(message.locator("blockquote")).to_have_text("quoted")
    expect(message.locator("pre")).to_have_text("code")


def test_topic_pins_and_bookmarks_stand_over_the_channel(
    sandbox: SlackSandbox, client: WebClient, open_page: OpenPage
) -> None:
    place = sandbox.channel("hub-ops").id
    ts = str(client.chat_postMessage(channel=place, text="the card to keep")["ts"])
    client.conversations_setTopic(channel=place, topic="Fixing :wrench: since 21:10")
    client.pins_add(channel=place, timestamp=ts)
    client.bookmarks_add(
        channel_id=place, title="Hub status", type="link", link="https://example.org/status"
    )
    page = open_page("ana", "hub-ops")
    expect(page.get_by_test_id("topic")).to_have_text("Fixing 🔧 since 21:10")
    expect(page.get_by_role("link", name="Hub status")).to_have_attribute(
        "href", "https://example.org/status"
    )
    page.get_by_test_id("pins").click()
    page.get_by_test_id("popover").get_by_role("link").click()
    page.wait_for_function("at => location.hash === at", arg=f"#{place}/p{ts.replace('.', '')}")

    link = client.chat_getPermalink(channel=place, message_ts=ts)["permalink"]
    sandbox.person("ben").say("general", f"see {link}")
    page.get_by_test_id("channel-link").filter(has_text="general").click()
    page.get_by_role("link", name=str(link)).click()
    expect(page.get_by_test_id("channel-name")).to_have_text("hub-ops")
