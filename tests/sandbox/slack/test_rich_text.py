"""What Slack takes and refuses in rich text, tables and Markdown."""

from typing import Any

import pytest

from sandbox.slack.blocks import message_blocks
from sandbox.slack.values import SlackError

Json = dict[str, Any]


def text(said: str, **style: bool) -> Json:
    return {"type": "text", "text": said, **({"style": style} if style else {})}


def section(*runs: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(runs)}


def rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def bullets(**rest: Any) -> Json:
    return {"type": "rich_text_list", "style": "bullet", "elements": [section(text("x"))], **rest}


def table(*rows: list[Json], **rest: Any) -> Json:
    return {"type": "table", "rows": list(rows), **rest}


def raw(said: str) -> Json:
    return {"type": "raw_text", "text": said}


GOOD = rich(
    section(
        text("all ", bold=True, italic=True, strike=True, code=True),
        {"type": "link", "url": "https://example.org", "text": "a link", "style": {"bold": True}},
        {"type": "user", "user_id": "U0123"},
        {"type": "usergroup", "usergroup_id": "S0123"},
        {"type": "channel", "channel_id": "C0123"},
        {"type": "broadcast", "range": "here"},
        {"type": "emoji", "name": "fire", "unicode": "1f525"},
        {"type": "date", "timestamp": 1487913057, "format": "{date}", "fallback": "then"},
        {"type": "color", "value": "#E4572E"},
    ),
    bullets(indent=2, border=1),
    bullets(style="ordered", offset=3),
    {"type": "rich_text_quote", "elements": [text("quoted")], "border": 1},
    {"type": "rich_text_preformatted", "elements": [text("code")], "border": 0},
)


def refusals(*blocks: Json) -> list[str]:
    with pytest.raises(SlackError, match="invalid_blocks") as refused:
        message_blocks(list(blocks))
    return list(refused.value.extra["errors"])


def test_every_part_of_rich_text_is_taken() -> None:
    [block] = message_blocks([GOOD])
    assert block["elements"] == GOOD["elements"]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"type": "rich_text"}, id="no elements"),
        pytest.param(rich(text("bare")), id="text outside a section"),
        pytest.param(rich(section({"type": "button"})), id="unknown run"),
        pytest.param(rich(section(text(""))), id="empty text"),
        pytest.param(rich(section(text("x", loud=True))), id="unknown style"),
        pytest.param(rich(section({"type": "text", "text": "x", "style": "bold"})), id="style"),
        pytest.param(rich(section({"type": "user"})), id="nobody"),
        pytest.param(rich(section({"type": "broadcast", "range": "all"})), id="range"),
        pytest.param(rich(section({"type": "color", "value": "red"})), id="color"),
        pytest.param(rich(section({"type": "date", "timestamp": "1", "format": "x"})), id="date"),
        pytest.param(rich(bullets(style="dashes")), id="list style"),
        pytest.param(rich(bullets(indent=9)), id="indent"),
        pytest.param(rich(bullets(elements=[text("x")])), id="item"),
        pytest.param(
            rich({"type": "rich_text_preformatted", "elements": [{"type": "user"}]}), id="pre"
        ),
    ],
)
def test_rich_text_against_the_rules_is_refused(bad: Json) -> None:
    assert refusals(bad)


def test_a_fault_is_named_with_its_place() -> None:
    assert refusals(rich(section(text("ok"), text("")))) == [
        "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/1/text]"
    ]


def test_a_table_of_plain_and_rich_cells_is_taken() -> None:
    settings = [{"is_wrapped": True}, {"align": "right"}]
    rows = [[raw("Hub"), raw("Users")], [rich(section(text("datahub"))), raw("12")]]
    [block] = message_blocks([table(*rows, column_settings=settings)])
    assert block["rows"] == rows


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"type": "table"}, id="no rows"),
        pytest.param(table(*[[raw("x")]] * 101), id="101 rows"),
        pytest.param(table([raw("x")] * 21), id="21 columns"),
        pytest.param(table([raw("")]), id="empty cell"),
        pytest.param(table([{"type": "mrkdwn", "text": "x"}]), id="unknown cell"),
        pytest.param(table([rich(text("bare"))]), id="bad rich cell"),
        pytest.param(table([raw("x")], column_settings=[{"align": "middle"}]), id="align"),
        pytest.param(table([raw("x")], column_settings=[{"is_wrapped": "yes"}]), id="wrapped"),
        pytest.param(table([raw("x" * 5001), raw("y" * 5000)]), id="10,001 characters"),
    ],
)
def test_a_table_against_the_rules_is_refused(bad: Json) -> None:
    assert refusals(bad)


def test_a_message_has_one_table() -> None:
    assert "only_one_table_allowed" in refusals(table([raw("a")]), table([raw("b")]))[0]


def test_all_markdown_of_a_message_has_one_limit() -> None:
    half = {"type": "markdown", "text": "x" * 6000}
    assert len(message_blocks([half, half])) == 2
    assert refusals(half, half, {"type": "markdown", "text": "y"})
    assert refusals({"type": "markdown", "text": "x" * 12_001})
