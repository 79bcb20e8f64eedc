"""Every input that the page draws, used in a browser and read by a real Bolt app."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from sandbox.slack import SlackSandbox
from tests.sandbox.page.all_inputs import field, option
from tests.sandbox.page.asked import Json, forms, listening, modal, read, send, value

__all__ = ["forms", "listening", "modal", "read"]


def test_what_nobody_touched_is_sent_as_it_stood(
    sandbox: SlackSandbox, modal: Callable[..., Locator], read: Json
) -> None:
    dialog = modal()
    expect(dialog.get_by_label("Summary")).to_be_focused()
    # The only required input without an initial value.
    runbook = dialog.get_by_label("Runbook")
    runbook.fill("resync")
    dialog.get_by_role("option", name="resync-routes").click()
    send(dialog)
    expect(dialog).to_be_hidden()

    ana = sandbox.person("ana").id
    assert {name: value(read, name) for name in read if name not in _OPTIONS} == {
        "title": "Hub is slow",
        "summary": None,
        "day": "2017-02-23",
        "commander": ana,
        "responders": [ana],
    }
    chosen = {name: value(read, name) for name in _OPTIONS}
    assert chosen["hub"] is None
    assert chosen["severity"]["value"] == "sev2"
    assert chosen["severity"]["description"]["text"] == "some"
    assert [each["value"] for each in chosen["checks"]] == ["sev1"]
    assert [each["value"] for each in chosen["hubs"]] == ["data8"]
    assert [each["value"] for each in chosen["labels"]] == ["proxy"]
    assert chosen["runbook"]["value"] == "resync-routes"


_OPTIONS = ("severity", "checks", "hub", "hubs", "runbook", "labels")


def test_what_was_put_in_is_what_the_app_reads(
    sandbox: SlackSandbox, modal: Callable[..., Locator], read: Json
) -> None:
    dialog = modal()
    dialog.get_by_label("Title").fill("<b>Hub</b> is gone")
    dialog.get_by_label("Summary").fill("Two\nlines")
    dialog.get_by_label("Day").fill("2017-02-24")
    dialog.get_by_role("radio", name="sev1").check()
    checks = dialog.locator(".block[data-block-id=checks]")
    checks.get_by_role("checkbox", name="sev3").check()
    dialog.locator("select[data-block-id=hub]").select_option("biohub")
    hubs = dialog.locator(".block[data-block-id=hubs]")
    dialog.get_by_label("Hubs").focus()
    expect(hubs.get_by_role("option")).to_have_count(3)
    hubs.get_by_role("option", name="biohub").click()
    expect(hubs.locator(".chip")).to_have_text(["data8", "biohub"])
    expect(dialog.get_by_label("Hubs")).to_be_disabled()
    dialog.get_by_label("Commander").select_option(label="Emi Tanaka")
    responders = dialog.locator(".block[data-block-id=responders]")
    dialog.get_by_label("Responders").fill("Emi")
    responders.get_by_role("option", name="Emi Tanaka").click()
    dialog.get_by_label("Runbook").fill("proxy")
    dialog.get_by_role("option", name="restart-proxy").click()
    send(dialog)
    expect(dialog).to_be_hidden()

    plainly = ("title", "summary", "day")
    assert [value(read, name) for name in plainly] == [
        "<b>Hub</b> is gone",
        "Two\nlines",
        "2017-02-24",
    ]
    assert value(read, "severity")["value"] == "sev1"
    assert [each["value"] for each in value(read, "checks")] == ["sev1", "sev3"]
    assert value(read, "hub")["value"] == "biohub"
    assert [each["value"] for each in value(read, "hubs")] == ["data8", "biohub"]
    assert value(read, "commander") == sandbox.person("emi").id
    emi = sandbox.person("emi").id
    assert value(read, "responders") == [sandbox.person("ana").id, emi]
    assert value(read, "runbook")["value"] == "restart-proxy"


def test_each_error_stands_under_its_own_input(modal: Callable[..., Locator], read: Json) -> None:
    dialog = modal()
    dialog.get_by_label("Title").fill("Hub")
    send(dialog)

    def error(name: str) -> Locator:
        return dialog.locator(f"[data-error-for={name}]")

    expect(error("title")).to_have_text("Please use at least 5 characters.")
    expect(error("runbook")).to_have_text("Please complete this required field.")
    expect(dialog.get_by_label("Title")).to_be_focused()
    described = dialog.get_by_label("Title").get_attribute("aria-describedby")
    assert described == error("title").get_attribute("id")

    dialog.get_by_label("Title").fill("Hub is slow")
    dialog.get_by_label("Runbook").fill("re")
    dialog.get_by_role("option", name="resync").click()
    read["errors"] = {"runbook": "Not this one.", "summary": "Say <more>."}
    send(dialog)
    expect(error("runbook")).to_have_text("Not this one.")
    expect(error("summary")).to_have_text("Say <more>.")
    expect(error("title")).to_be_empty()


def _asked(sandbox: SlackSandbox) -> int:
    kinds = [each.payload.get("type") for each in sandbox.deliveries]
    return kinds.count("block_suggestion")


def test_the_app_is_asked_only_when_enough_is_typed(
    sandbox: SlackSandbox, modal: Callable[..., Locator], read: Json
) -> None:
    dialog = modal()
    runbook = dialog.get_by_label("Runbook")
    expect(runbook).to_have_attribute("placeholder", "Type a runbook's name")
    before = _asked(sandbox)
    runbook.press_sequentially("r")
    block = dialog.locator(".block[data-block-id=runbook]")
    expect(block.locator(".list-note")).to_have_text("Type 2 letters or more.")
    assert _asked(sandbox) == before

    runbook.press_sequentially("e")
    expect(block.get_by_role("option")).to_have_text(["resync-routes", "restart-proxy"])
    expect(block.locator(".list-group")).to_have_text(["Routes", "Servers"])
    runbook.press("ArrowDown")
    runbook.press("Enter")
    expect(runbook).to_have_value("restart-proxy")
    expect(dialog).to_be_visible()

    # Typed text does not select an option.
    runbook.fill("nonsense")
    expect(block.locator(".list-note")).to_have_text("Nothing found.")
    runbook.press("Escape")
    expect(dialog).to_be_visible()
    runbook.press("Tab")
    expect(runbook).to_have_value("restart-proxy")
    runbook.fill("")
    runbook.press("Tab")
    expect(runbook).to_have_value("")


def test_several_are_chosen_and_left_out_again(modal: Callable[..., Locator], read: Json) -> None:
    element = {
        "type": "multi_external_select",
        "action_id": "label",
        "max_selected_items": 3,
        "min_query_length": 0,
        "initial_options": [option("proxy")],
    }
    dialog = modal(field("labels", element))
    labels = dialog.get_by_label("Labels")
    chips = dialog.locator(".block[data-block-id=labels] .chip")
    labels.press_sequentially("x")
    dialog.get_by_role("option", name="x-1").click()
    expect(chips).to_have_text(["proxy", "x-1"])
    labels.press_sequentially("y")
    dialog.get_by_role("option", name="y-0").click()
    expect(labels).to_be_disabled()
    chips.first.get_by_role("button").click()
    expect(chips).to_have_text(["x-1", "y-0"])
    expect(labels).to_be_focused()
    labels.press("Backspace")
    expect(chips).to_have_text(["x-1"])
    send(dialog)
    expect(dialog).to_be_hidden()
    [chosen] = read["labels"]["label"]["selected_options"]
    assert chosen["value"] == "x-1"


def test_an_input_tells_the_app_on_enter_when_it_is_asked_to(
    sandbox: SlackSandbox, modal: Callable[..., Locator], read: Json
) -> None:
    element = {"type": "plain_text_input", "action_id": "asked"}
    dialog = modal(field("title", element, dispatch_action=True))
    title = dialog.get_by_label("Title")
    title.press_sequentially("slow")
    title.press("Enter")
    sandbox.wait_for(lambda: read.get("actions"))
    assert [action["value"] for action in read["actions"]] == ["slow"]
    expect(dialog).to_be_visible()
