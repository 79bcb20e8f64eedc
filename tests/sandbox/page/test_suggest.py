"""What is offered while one writes in a composer: people, groups, everybody, channels."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]


def test_names_are_offered_by_how_their_words_begin(open_page: OpenPage) -> None:
    page = open_page("ana")
    box = page.get_by_test_id("composer")
    offered = page.get_by_role("option")
    box.press_sequentially("@be")
    expect(offered).to_have_text(["BBen Okafor @ben"])
    box.fill("")
    box.press_sequentially("@tan")
    expect(offered).to_have_text(["EEmi Tanaka @emi"])
    box.fill("")
    box.press_sequentially("#ops")
    expect(offered).to_have_text(["hub-ops"])


def test_everybody_can_be_called(sandbox: SlackSandbox, open_page: OpenPage) -> None:
    page = open_page("ana")
    box = page.get_by_test_id("composer")
    box.press_sequentially("look, @he")
    expect(page.get_by_role("option")).to_contain_text(["@here"])
    box.press("Tab")
    expect(box).to_have_value("look, @here ")
    box.press("Enter")
    expect(page.get_by_test_id("message").last.locator(".mention-all")).to_have_text("@here")
    assert sandbox.messages("general")[-1]["text"] == "look, <!here>"
