"""Keyboard use of the page: Tab order, focus, and accessible names."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_bolt import Ack, App
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox
from tests.sandbox.page.all_inputs import every_input

OpenPage = Callable[..., Page]
Json = dict[str, Any]

# Finds visible interactive elements without an accessible name.
_NAMELESS = """() => {
  const usable =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, " +
    "[tabindex='0'], [role=option], [role=menuitem], [role=listbox], [role=dialog], dialog[open]";
  const of = (id) => document.getElementById(id)?.textContent ?? "";
  const text = (ids) => (ids ?? "").split(" ").map(of).join(" ");
  const name = (node) =>
    [
      text(node.getAttribute("aria-labelledby")),
      node.getAttribute("aria-label"),
      ...[...(node.labels ?? [])].map((label) => label.textContent),
      node.matches("input, select, textarea") ? "" : node.textContent,
      node.querySelector("img")?.alt,
    ].join("").trim();
  return [...document.querySelectorAll(usable)]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !name(node))
    .map((node) => node.outerHTML.slice(0, 160));
}"""

# Finds a focused element with no focus ring on itself or on its frame.
_RING = """() => {
  const node = document.activeElement;
  if (node === document.body) return null; // The browser's own controls have a turn, too.
  const ringed = (at) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
    const outline = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
    return outline || /0px 0px 0px [12]px|0px -2px 0px 0px inset/.test(boxShadow);
  };
  const frame = node.closest(".composer, .combo");
  return ringed(node) || (frame && ringed(frame)) ? null : node.outerHTML.slice(0, 160);
}"""


@pytest.fixture(scope="module", autouse=True)
def busy(app: App, sandbox: SlackSandbox, client: WebClient) -> None:
    """A channel with a thread, reactions, buttons and a file; the shortcut opens every input."""
    ana, ben = sandbox.person("ana"), sandbox.person("ben")
    ts = ben.say("hub-ops", "the proxy is gone, see https://example.org")
    ana.react("hub-ops", ts, "fire")
    ben.say("hub-ops", "in its thread", thread_ts=ts)
    ana.say("hub-ops", "I look")
    ben.say("hub-ops", "thank you")
    button = {"type": "button", "action_id": "x", "text": {"type": "plain_text", "text": "Take"}}
    boxes = {
        "type": "checkboxes",
        "action_id": "y",
        "options": [{"text": {"type": "plain_text", "text": "done"}, "value": "done"}],
    }
    pick = {"type": "external_select", "action_id": "z"}
    day = {"type": "datepicker", "action_id": "d"}
    client.chat_postMessage(
        channel="#hub-ops",
        text="card",
        blocks=[{"type": "actions", "elements": [button, boxes, pick, day]}],
    )
    form = every_input(person=ana.id)

    @app.shortcut("declare")
    def opened(ack: Ack, body: Json) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=form)


def _message(page: Page, text: str) -> Locator:
    return page.get_by_test_id("channel-log").get_by_test_id("message").filter(has_text=text)


def _focused(page: Page) -> Locator:
    return page.locator(":focus")


def test_everything_that_can_be_used_has_a_name(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("ana", "hub-ops", welcome=True)
    nameless: dict[str, list[str]] = {}

    def look(what: str) -> None:
        found = page.evaluate(_NAMELESS)
        if found:
            nameless[what] = found

    _message(page, "thank you").hover()
    look("talk")
    _message(page, "thank you").get_by_label("More actions").click()
    look("menu")
    page.keyboard.press("Escape")
    for opener in ("person-switch", "pins"):
        page.get_by_test_id(opener).click()
        look(opener)
        page.keyboard.press("Escape")
    page.get_by_test_id("thread-line").click()
    look("thread")
    sandbox.person("ana").shortcut("declare")
    modal = page.get_by_test_id("modal")
    expect(modal).to_be_visible()
    modal.get_by_label("Hubs").focus()
    expect(modal.locator(".combo").get_by_role("option").first).to_be_visible()
    look("form")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    assert nameless == {}


def test_tab_goes_round_and_shows_where_it_is(open_page: OpenPage) -> None:
    page = open_page("ana", "hub-ops")
    _message(page, "thank you").wait_for()
    page.evaluate("document.activeElement.blur()")
    unringed: list[str] = []
    passed: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        passed.append(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
        if passed[-1] == "Message hub-ops":
            break
        ring = page.evaluate(_RING)
        if ring:
            unringed.append(ring)
    assert unringed == []
    reached = " | ".join(passed)
    for name in ("You are Ana", "general", "mayday, app", "pinned"):
        assert name in reached
    for name in ("Take", "fire, 1", "1 reply", "Message hub-ops"):
        assert name in reached
    # The message list is a single tab stop.
    assert sum("Okafor, " in name or "Ribeiro, " in name for name in passed) <= 1


def test_the_form_is_walked_by_tab_alone(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("ana", "hub-ops")
    composer = page.get_by_test_id("composer")
    composer.focus()
    sandbox.person("ana").shortcut("declare")
    modal = page.get_by_test_id("modal")
    expect(modal.get_by_label("Summary")).to_be_focused()
    seen: set[str] = set()
    unringed: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        # Tab visits the browser's controls between the last and the first.
        inside = page.evaluate("document.querySelector('.modal').contains(document.activeElement)")
        assert inside or page.evaluate("document.activeElement === document.body")
        if not inside:
            continue
        seen.add(
            page.evaluate(
                "document.activeElement.closest('[data-block-id]')?.dataset.blockId ?? ''"
            )
        )
        ring = page.evaluate(_RING)
        if ring:
            unringed.append(ring)
    assert unringed == []
    blocks = {block["block_id"] for block in sandbox.person("ana").views()[0]["blocks"]}
    assert blocks - seen == set()
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    expect(composer).to_be_focused()


def test_a_list_of_many_is_walked_with_arrows(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("ana", "hub-ops")
    sandbox.person("ana").shortcut("declare")
    modal = page.get_by_test_id("modal")
    hubs = modal.locator(".block[data-block-id=hubs]")
    modal.get_by_label("Hubs").focus()
    expect(hubs.get_by_role("option")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(hubs.locator(".chip")).to_have_text(["data8", "biohub"])
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()


def test_messages_are_walked_and_worked_on(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("ana", "hub-ops")
    _message(page, "thank you").focus()
    page.keyboard.press("ArrowUp")
    mine = _message(page, "I look")
    expect(mine).to_be_focused()
    page.keyboard.press("Tab")
    expect(mine.get_by_label("React with pushpin")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(mine.locator("[data-reaction=four_leaf_clover]")).to_be_visible()

    mine.focus()
    mine.get_by_label("Reply in thread").press("Enter")
    expect(page.get_by_test_id("thread-composer")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("thread-composer")).to_have_count(0)

    mine.focus()
    mine.get_by_label("More actions").press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem").last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(_focused(page)).to_have_attribute("aria-label", "More actions")
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Edit message").press("Enter")
    editor = page.get_by_label("Edit message")
    expect(editor).to_be_focused()
    editor.fill("I looked")
    editor.press("Enter")
    expect(_message(page, "I looked")).to_be_visible()
    expect(page.get_by_test_id("composer")).to_be_focused()
    _message(page, "thank you").focus()
    _message(page, "thank you").get_by_label("More actions").press("Enter")
    expect(page.get_by_role("menuitem", name="Edit message")).to_have_count(0)


def test_on_a_narrow_window_the_rail_is_opened_and_closed(open_page: OpenPage) -> None:
    page = open_page("ana", "hub-ops")
    page.set_viewport_size({"width": 420, "height": 900})
    rail, opener = page.get_by_label("Workspace"), page.get_by_test_id("show-rail")
    expect(rail).to_be_hidden()
    opener.press("Enter")
    expect(rail).to_be_visible()
    expect(page.get_by_test_id("channel-link").filter(has_text="hub-ops")).to_be_focused()
    page.keyboard.press("Escape")
    expect(rail).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.get_by_test_id("channel-link").filter(has_text="general").click()
    expect(page.get_by_test_id("channel-name")).to_have_text("general")
    expect(rail).to_be_hidden()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 420
