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
    )
    message = _shown(
        client,
        open_page,
        {
            "type": "rich_text",
            "elements": [
                runs,
                listed("ordered", "one", "two"),
                listed("bullet", "inner", indent=1),
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
    expect(message.locator("ol").first.locator("li")).to_have_text(["one", "two"])
    inner = message.locator("ul")
    assert inner.evaluate("n => getComputedStyle(n).marginLeft") == "24px"
    expect(message.locator("ol").last).to_have_attribute("start", "3")
    expect(message.locator("blockquote")).to_have_text("said\nthus", use_inner_text=True)
    expect(message.locator("pre")).to_have_text("$ ls\n  a", use_inner_text=True)
