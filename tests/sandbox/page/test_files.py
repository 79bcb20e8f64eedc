"""Files on the page, from people and the app: choose, show, download."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("app")

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def _message(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text)


def test_files_are_chosen_and_sent_with_words(
    sandbox: SlackSandbox, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("ana")
    page.get_by_label("Files", exact=True).set_input_files(
        [
            {"name": "graph.png", "mimeType": "image/png", "buffer": PIXEL},
            {"name": "proxy.log", "mimeType": "text/plain", "buffer": b"write EPIPE"},
        ]
    )
    chips = page.locator(".composer .chip")
    expect(chips).to_have_text(["graph.png", "proxy.log"])
    page.get_by_label("Files", exact=True).set_input_files(
        [{"name": "given.log", "mimeType": "text/plain", "buffer": b"EPIPE"}]
    )
    chips.get_by_label("Leave out given.log").click()
    expect(chips).to_have_text(["graph.png", "proxy.log"])
    page.get_by_test_id("composer").fill("look at these")
    page.get_by_test_id("composer").press("Enter")
    message = _message(page, "look at these")
    picture = message.get_by_role("img", name="graph.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("node => node.decode().then(() => node.naturalWidth)") == 1
    expect(chips).to_have_count(0)

    with page.expect_download() as coming:
        message.get_by_label("Download proxy.log").click()
    coming.value.save_as(tmp_path / "proxy.log")
    assert (tmp_path / "proxy.log").read_bytes() == b"write EPIPE"
    stored = sandbox.messages("general")[-1]
    assert [file["name"] for file in stored["files"]] == ["graph.png", "proxy.log"]
    assert stored["text"] == "look at these"


def test_a_file_of_the_app_is_shown(
    sandbox: SlackSandbox, client: WebClient, open_page: OpenPage
) -> None:
    client.files_upload_v2(
        channel=sandbox.channel("incidents").id,
        content=PIXEL,
        filename="load.png",
        title="Load <b>tonight</b>",
        initial_comment="the load",
    )
    page = open_page("ana", "incidents")
    message = _message(page, "the load")
    expect(message.get_by_role("img", name="Load <b>tonight</b>")).to_be_visible()
    expect(message.locator(".file-name")).to_have_text("Load <b>tonight</b>")
    expect(message.get_by_label("Download load.png")).to_have_attribute("download", "load.png")


def test_a_picture_that_may_hold_scripts_is_not_shown_as_one(
    client: WebClient, sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    client.files_upload_v2(
        channel=sandbox.channel("incidents").id,
        content=drawing,
        filename="drawing.svg",
        initial_comment="a drawing",
    )
    page = open_page("ana", "incidents")
    message = _message(page, "a drawing")
    expect(message.locator(".file-name")).to_have_text("drawing.svg")
    expect(message.locator("img")).to_have_count(0)


def test_what_is_whispered_is_seen_by_one_alone(
    client: WebClient, sandbox: SlackSandbox, open_page: OpenPage
) -> None:
    ana, ben = open_page("ana", "hub-ops"), open_page("ben", "hub-ops")
    place = sandbox.channel("hub-ops").id
    client.chat_postEphemeral(channel=place, user=sandbox.person("ana").id, text="only you")
    client.chat_postMessage(channel=place, text="for all")
    expect(_message(ben, "for all")).to_be_visible()
    expect(_message(ben, "only you")).to_have_count(0)
    whisper = _message(ana, "only you").first
    expect(whisper).to_contain_text("Only visible to you")
