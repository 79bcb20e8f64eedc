"""Rich text, tables and Markdown as the page draws them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox

OpenPage = Callable[..., Page]
Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("app")


def text(said: str, **style: bool) -> Json:
    return {"type": "text", "text": said, **({"style": style} if style else {})}


def section(*runs: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(runs)}


def listed(style: str, *items: str, **rest: int) -> Json:
    sections = [section(text(item)) for item in items]
    return {"type": "rich_text_list", "style": style, "elements": sections, **rest}


def _shown(client: WebClient, open_page: OpenPage, *blocks: Json) -> Locator:
    client.chat_postMessage(channel="#hub-ops", text="blocks", blocks=list(blocks))
    page = open_page("ana", "hub-ops")
    return page.get_by_test_id("message").last


def test_rich_text_is_drawn(sandbox: SlackSandbox, client: WebClient, open_page: OpenPage) -> None:
    runs = section(
        text("<i>all</i>", bold=True, italic=True, strike=True),
        text("kubectl", code=True),
        {"type": "link", "url": "https://example.org", "text": "the board"},
        {"type": "link", "url": "javascript:alert(1)", "text": "no link"},
        {"type": "user", "user_id": sandbox.person("ana").id},
        {"type": "channel", "channel_id": sandbox.channel("general").id},
        {"type": "usergroup", "usergroup_id": sandbox.usergroups()[0].id},
        {"type": "broadcast", "range": "here"},
        {"type": "emoji", "name": "fire"},
        {"type": "date", "timestamp": 1487913057, "format": "{date_pretty} {time}"},
        {"type": "color", "value": "#E4572E"},
    )
    message = _shown(
        client,
        open_page,
        {
            "type": "rich_text",
            "elements": [
                runs,
                listed("ordered", "one", "two"),
                listed("bullet", "inner", indent=1, border=1),
                listed("ordered", "three", offset=2),
                {"type": "rich_text_quote", "elements": [text("said\nthus")]},
                {"type": "rich_text_preformatted", "elements": [text("$ ls\n  a")]},
            ],
        },
    )
    expect(message.locator("s em strong")).to_have_text("<i>all</i>")
    expect(message.locator("code")).to_have_text("kubectl")
    expect(message.get_by_role("link", name="the board")).to_have_attribute(
        "href", "https://example.org"
    )
    expect(message.get_by_role("link", name="no link")).to_have_count(0)
    expect(message.locator(".mention")).to_have_text(
        ["@Ana Ribeiro", "#general", "@oncall", "@here"]
    )
    expect(message.get_by_role("img", name="fire")).to_have_text("🔥")
    expect(message.locator(".block time")).to_have_text("Today 21:10")
    dot = message.locator(".colour-dot")
    assert dot.evaluate("n => getComputedStyle(n).backgroundColor") == "rgb(228, 87, 46)"
    expect(message.locator("ol").first.locator("li")).to_have_text(["one", "two"])
    inner = message.locator("ul")
    assert inner.evaluate("n => getComputedStyle(n).marginLeft") == "24px"
    assert inner.evaluate("n => getComputedStyle(n).listStyleType") == "circle"
    assert inner.evaluate("n => getComputedStyle(n).borderLeftWidth") == "4px"
    expect(message.locator("ol").last).to_have_attribute("start", "3")
    expect(message.locator("blockquote")).to_have_text("said\nthus", use_inner_text=True)
    expect(message.locator("pre")).to_have_text("$ ls\n  a", use_inner_text=True)


def test_a_table_keeps_to_its_columns(client: WebClient, open_page: OpenPage) -> None:
    long = "datahub, which serves all of the introductory courses of this term and the next"
    rows: list[list[Json]] = [
        [{"type": "raw_text", "text": name} for name in ("Hub", "Users", "State")],
        [
            {"type": "raw_text", "text": long},
            {"type": "raw_text", "text": "412"},
            {"type": "rich_text", "elements": [section(text("down", bold=True))]},
        ],
    ]
    settings: list[Json] = [{"is_wrapped": True}, {"align": "right"}, {"align": "center"}]
    message = _shown(
        client, open_page, {"type": "table", "rows": rows, "column_settings": settings}
    )
    expect(message.get_by_role("columnheader")).to_have_text(["Hub", "Users", "State"])
    cells = message.get_by_role("cell")
    expect(cells).to_have_text([long, "412", "down"])
    expect(cells.last.locator("strong")).to_have_text("down")
    aligned = cells.evaluate_all("all => all.map((n) => getComputedStyle(n).textAlign)")
    assert aligned == ["left", "right", "center"]
    tall = cells.evaluate_all("all => all.map((n) => n.getBoundingClientRect().height)")
    assert tall[0] > 40


def test_markdown_is_drawn_and_holds_no_markup(client: WebClient, open_page: OpenPage) -> None:
    said = "\n".join(
        [
            "# Report",
            "",
            "1. **done** ~~not~~ `code`",
            "   - inner",
            "2. [x](https://example.org) <b>no</b> [y](javascript:alert(1))",
            "",
            "- [x] shut",
            "",
            "> quoted",
            "",
            "| a | b |",
            "|---|---|",
            "| 1 | 2 |",
            "",
            "```",
            "<script>",
            "```",
        ]
    )
    message = _shown(client, open_page, {"type": "markdown", "text": said})
    block = message.locator(".block-markdown")
    expect(block.get_by_role("heading", name="Report")).to_be_visible()
    expect(block.locator("ol > li")).to_have_count(2)
    expect(block.locator("ol ul li")).to_have_text("inner")
    expect(block.get_by_role("checkbox", name="done")).to_be_checked()
    expect(block.locator("blockquote")).to_have_text("quoted")
    expect(block.get_by_role("cell")).to_have_text(["1", "2"])
    expect(block.locator("pre")).to_have_text("<script>")
    expect(block.get_by_role("link")).to_have_text("x")
    expect(block.locator("b, script")).to_have_count(0)
