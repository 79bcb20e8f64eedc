"""Canvases of channels, as apps use them."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import SlackSandbox
from sandbox.slack.canvases import change, containing, new_canvas, sections, text_of
from sandbox.slack.values import SlackError


def test_sections_are_blocks_and_found_by_what_people_read() -> None:
    canvas = new_canvas("Notes", "**State** is _known_  \nand more\n\n## Notes\n\nEverybody.")
    assert len(canvas["sections"]) == 3
    (found,) = containing(canvas, "State is known")
    assert found["markdown"].startswith("**State**")
    assert containing(canvas, "nowhere") == []


def test_a_section_is_replaced_under_a_new_id() -> None:
    canvas = new_canvas("Notes", "One\n\nTwo")
    first = canvas["sections"][0]["id"]
    change(canvas, "replace", first, "First")
    assert [one["markdown"] for one in canvas["sections"]] == ["First", "Two"]
    with pytest.raises(SlackError, match="section_not_found"):
        change(canvas, "replace", first, "Again")


def test_text_is_inserted_where_it_belongs_and_deleted() -> None:
    canvas = new_canvas("Notes", "Two")
    change(canvas, "insert_at_start", "", "One")
    change(canvas, "insert_at_end", "", "Four")
    two = canvas["sections"][1]["id"]
    change(canvas, "insert_after", two, "Three")
    change(canvas, "delete", two, "")
    assert [one["markdown"] for one in canvas["sections"]] == ["One", "Three", "Four"]
    with pytest.raises(SlackError, match="invalid_arguments"):
        change(canvas, "rewrite", canvas["sections"][0]["id"], "x")


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        sections("x" * (1024 * 1024 + 1))


def test_an_app_creates_finds_and_edits_a_canvas(slack: SlackSandbox) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    channel = client.conversations_create(name="inc")["channel"]["id"]
    content = {"type": "markdown", "markdown": "State\n\n## Notes"}
    made = client.conversations_canvases_create(channel_id=channel, document_content=content)
    canvas = made["canvas_id"]
    shown = client.conversations_info(channel=channel)["channel"]["properties"]["canvas"]
    assert shown["file_id"] == canvas
    with pytest.raises(SlackApiError, match="channel_canvas_already_exists"):
        client.conversations_canvases_create(channel_id=channel, document_content=content)
    (found,) = client.canvases_sections_lookup(
        canvas_id=canvas, criteria={"contains_text": "State"}
    )["sections"]
    edit = {
        "operation": "replace",
        "section_id": found["id"],
        "document_content": {"type": "markdown", "markdown": "Other state"},
    }
    client.canvases_edit(canvas_id=canvas, changes=[edit])
    assert text_of(slack.channel(channel)) == "Other state\n\n## Notes"
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        client.canvases_edit(canvas_id=canvas, changes=[edit, edit])
    slack.scopes = slack.scopes - {"canvases:write"}
    with pytest.raises(SlackApiError, match="missing_scope"):
        client.canvases_edit(canvas_id=canvas, changes=[edit])
