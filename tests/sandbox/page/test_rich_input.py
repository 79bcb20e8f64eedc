"""The editor of rich text in a form: what is typed, marked, linked and pasted, as the app reads it."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from sandbox.slack import SlackSandbox
from tests.sandbox.page.all_inputs import field, plain
from tests.sandbox.page.asked import Json, forms, listening, modal, read, send, value

__all__ = ["forms", "listening", "modal", "read"]


def test_rich_text_is_written_with_buttons_keys_and_marks(
    sandbox: SlackSandbox, modal: Callable[..., Locator], read: Json
) -> None:
    dialog = modal(field("notes", {"type": "rich_text_input", "placeholder": plain("So far?")}))
    page = dialog.page
    notes = dialog.get_by_label("Notes")
    notes.click()
    page.keyboard.type("<b>it</b> is ")
    page.keyboard.press("Control+b")
    page.keyboard.type("down")
    page.keyboard.press("Control+b")
    page.keyboard.type(" :fire: says @ben in #hub-ops, see https://example.org.")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Ordered list").click()
    page.keyboard.type("first")
    page.keyboard.press("Enter")
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Quote").click()
    page.keyboard.type("quoted")
    send(dialog)
    expect(dialog).to_be_hidden()
    written = value(read, "notes")
    assert written["type"] == "rich_text"
    said, listed, quoted = written["elements"]
    assert said == {
        "type": "rich_text_section",
        "elements": [
            {"type": "text", "text": "<b>it</b> is "},
            {"type": "text", "text": "down", "style": {"bold": True}},
            {"type": "text", "text": " "},
            {"type": "emoji", "name": "fire", "unicode": "1f525"},
            {"type": "text", "text": " says "},
            {"type": "user", "user_id": sandbox.person("ben").id},
            {"type": "text", "text": " in "},
            {"type": "channel", "channel_id": sandbox.channel("hub-ops").id},
            {"type": "text", "text": ", see "},
            {"type": "link", "url": "https://example.org"},
            {"type": "text", "text": "."},
        ],
    }
    assert (listed["style"], listed["indent"]) == ("ordered", 0)
    assert [item["elements"][0]["text"] for item in listed["elements"]] == ["first", "second"]
    assert quoted == {
        "type": "rich_text_quote",
        "elements": [{"type": "text", "text": "quoted"}],
    }


def test_a_link_is_put_on_words(modal: Callable[..., Locator], read: Json) -> None:
    dialog = modal(field("notes", {"type": "rich_text_input"}))
    page = dialog.page
    dialog.get_by_label("Notes").click()
    page.keyboard.type("see ")
    page.keyboard.press("Control+Shift+u")
    asked = page.get_by_role("dialog", name="Add a link")
    asked.get_by_label("Address").fill("javascript:alert(1)")
    asked.get_by_label("Text").fill("the board")
    asked.get_by_role("button", name="Add").click()
    expect(asked.get_by_role("alert")).to_contain_text("whole address")
    asked.get_by_label("Address").fill("https://example.org")
    asked.get_by_role("button", name="Add").click()
    expect(dialog.get_by_label("Notes")).to_be_focused()
    send(dialog)
    expect(dialog).to_be_hidden()
    [section] = value(read, "notes")["elements"]
    assert section["elements"][:2] == [
        {"type": "text", "text": "see "},
        {"type": "link", "url": "https://example.org", "text": "the board"},
    ]


def test_what_is_pasted_into_rich_text_is_only_text(
    modal: Callable[..., Locator], read: Json
) -> None:
    dialog = modal(field("notes", {"type": "rich_text_input"}))
    notes = dialog.get_by_label("Notes")
    notes.click()
    notes.evaluate(
        """node => {
          const data = new DataTransfer();
          data.setData("text/html", "<img src=x onerror=alert(1)><b>bold</b>");
          data.setData("text/plain", "bold <img src=x>");
          const paste = { clipboardData: data, bubbles: true, cancelable: true };
          node.dispatchEvent(new ClipboardEvent("paste", paste));
        }"""
    )
    expect(notes).to_have_text("bold <img src=x>")
    expect(notes.locator("b, img")).to_have_count(0)


def test_people_places_and_emoji_are_offered_while_writing(
    sandbox: SlackSandbox, modal: Callable[..., Locator], read: Json
) -> None:
    dialog = modal(field("notes", {"type": "rich_text_input"}))
    page = dialog.page
    notes = dialog.get_by_label("Notes")
    offered = dialog.get_by_role("listbox", name="Suggestions")
    notes.click()
    page.keyboard.type("with @be")
    expect(offered.get_by_role("option", selected=True)).to_contain_text("Ben Okafor")
    page.keyboard.press("Enter")
    expect(offered).to_be_hidden()
    expect(notes).to_contain_text("@Ben Okafor")
    page.keyboard.type("in #")
    expect(offered.get_by_role("option")).to_have_text(["general", "hub-ops", "incidents"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("all :four_le")
    offered.get_by_role("option", name=":four_leaf_clover:").click()
    page.keyboard.type("not @d")
    expect(offered).to_be_visible()
    page.keyboard.press("Escape")
    expect(offered).to_be_hidden()
    expect(dialog).to_be_visible()
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("@a")
    expect(notes.locator("code")).to_contain_text("@a")
    expect(offered).to_be_hidden()
    send(dialog)
    expect(dialog).to_be_hidden()
    [section] = value(read, "notes")["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "with "},
        {"type": "user", "user_id": sandbox.person("ben").id},
        {"type": "text", "text": " in "},
        {"type": "channel", "channel_id": sandbox.channel("hub-ops").id},
        {"type": "text", "text": " all "},
        {"type": "emoji", "name": "four_leaf_clover", "unicode": "1f340"},
        {"type": "text", "text": " not @d"},
        {"type": "text", "text": "@a", "style": {"code": True}},
    ]
