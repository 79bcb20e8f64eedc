"""Blocks and views that Slack rejects."""

from typing import Any

import pytest

from sandbox.slack.blocks import message_blocks, view_definition
from sandbox.slack.values import SlackError


def section(text: str, **rest: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **rest}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


CONFIRM = {
    "title": plain("Sure?"),
    "text": mrkdwn("It *ends*."),
    "confirm": plain("Yes"),
    "deny": plain("No"),
}


def button(**rest: Any) -> dict[str, Any]:
    label = {"type": "plain_text", "text": "Go"}
    return {"type": "button", "action_id": "go", "text": label, **rest}


def actions(*elements: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **rest}


def view(*blocks: dict[str, Any], **rest: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "A form"}
    return {"type": "modal", "title": title, "blocks": list(blocks), **rest}


INPUT = {
    "type": "input",
    "label": {"type": "plain_text", "text": "Title"},
    "element": {"type": "plain_text_input", "action_id": "title"},
}


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([section("x")] * 51, id="51 blocks"),
        pytest.param([section("x" * 3001)], id="long section"),
        pytest.param([section("")], id="empty text"),
        pytest.param([{"type": "section"}], id="section without text"),
        pytest.param(
            [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
            id="long header",
        ),
        pytest.param(
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], id="mrkdwn header"
        ),
        pytest.param([actions(button(text={"type": "plain_text", "text": "x" * 76}))], id="label"),
        pytest.param([actions(button(value="x" * 2001))], id="long value"),
        pytest.param([actions(button(), button())], id="same action_id"),
        pytest.param([section("a", block_id="b"), section("a", block_id="b")], id="same block_id"),
        pytest.param([INPUT], id="input in a message"),
        pytest.param([{"type": "carousel"}], id="unknown block"),
        pytest.param(
            [actions({"type": "static_select", "action_id": "s", "options": []})], id="no options"
        ),
        pytest.param([{"type": "section", "fields": [mrkdwn("x" * 2001)]}], id="long field"),
        pytest.param([{"type": "section", "fields": [mrkdwn("x")] * 11}], id="11 fields"),
        pytest.param([{"type": "context", "elements": [mrkdwn("x" * 3001)]}], id="long context"),
        pytest.param([{"type": "context", "elements": [mrkdwn("x")] * 11}], id="11 texts"),
        pytest.param([actions(*(button(action_id=str(at)) for at in range(26)))], id="26 buttons"),
        pytest.param([actions(button(style="loud"))], id="style"),
        pytest.param(
            [actions(button(confirm={**CONFIRM, "title": plain("x" * 101)}))], id="confirm"
        ),
        pytest.param([{"type": "section", "text": "x"}], id="text without a type"),
        pytest.param([section("x", block_id="x" * 256)], id="long block_id"),
        pytest.param([{"type": "table", "rows": []}], id="a block that the page does not draw"),
        pytest.param("text", id="no list"),
    ],
)
def test_bad_blocks_are_refused(blocks: Any) -> None:
    with pytest.raises(SlackError, match="invalid_blocks"):
        message_blocks(blocks)


def test_good_blocks_get_the_ids_that_slack_adds() -> None:
    [block] = message_blocks([actions(button(action_id="go", confirm=CONFIRM))])
    assert block["block_id"]
    assert block["elements"][0]["text"]["emoji"] is True


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(view(title={"type": "plain_text", "text": "x" * 25}), id="long title"),
        pytest.param(view(INPUT), id="input without submit"),
        pytest.param(view(*[section("x")] * 101), id="101 blocks"),
        pytest.param(view(private_metadata="x" * 3001), id="long private_metadata"),
        pytest.param({"type": "popup"}, id="unknown type"),
        pytest.param(
            view(submit={"type": "plain_text", "text": "x" * 25}), id="long submit button"
        ),
    ],
)
def test_bad_views_are_refused(bad: Any) -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        view_definition(bad)
