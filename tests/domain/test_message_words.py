"""A message's words, wherever Slack delivers them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.slack_message import message_from, own_words, words
from bot.render.markdown import neutral


def rich(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": list(elements)}]


def section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def said(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


BLOCKS: list[tuple[list[dict[str, Any]], str]] = [
    (
        [{"type": "header", "text": {"type": "plain_text", "text": "Hub <down>"}}],
        "*Hub &lt;down&gt;*",
    ),
    (
        [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*FIRING* <https://g.org/1|rule>"},
                "fields": [
                    {"type": "mrkdwn", "text": "*Hub*\ndatahub"},
                    {"type": "plain_text", "text": "since 14:05"},
                ],
                "accessory": {"type": "button", "text": {"type": "plain_text", "text": "Silence"}},
            },
            {"type": "divider"},
        ],
        "*FIRING* <https://g.org/1|rule>\n*Hub*\ndatahub\nsince 14:05",
    ),
    (
        [
            {
                "type": "context",
                "elements": [
                    {"type": "image", "image_url": "https://x.y/i", "alt_text": "icon"},
                    {"type": "mrkdwn", "text": "from *prod*"},
                    {"type": "plain_text", "text": "now"},
                ],
            }
        ],
        "from *prod* now",
    ),
    ([{"type": "markdown", "text": "**bold** <@U1> & <b>"}], "**bold** <@U1> &amp; &lt;b&gt;"),
    ([{"type": "image", "image_url": "https://x.y/i", "alt_text": "CPU graph"}], "CPU graph"),
    (
        [
            {
                "type": "actions",
                "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Ack"}}],
            }
        ],
        "",
    ),
    (
        [
            {
                "type": "table",
                "rows": [
                    [{"type": "raw_text", "text": "hub"}, {"type": "raw_text", "text": "5xx"}],
                    [{"type": "raw_text", "text": "datahub"}, *rich(section(said("12")))],
                ],
            }
        ],
        "hub | 5xx\ndatahub | 12",
    ),
    (
        [
            {
                "type": "container",
                "title": {"type": "plain_text", "text": "Disk"},
                "child_blocks": [
                    {"type": "alert", "level": "error", "text": {"type": "mrkdwn", "text": "full"}}
                ],
            }
        ],
        "Disk\nfull",
    ),
    (
        rich(
            section(
                said("see "),
                {"type": "user", "user_id": "U1"},
                said(", "),
                {"type": "usergroup", "usergroup_id": "S1"},
                said(" in "),
                {"type": "channel", "channel_id": "C1"},
                said(" "),
                {"type": "broadcast", "range": "here"},
                said(" "),
                {"type": "emoji", "name": "fire"},
                {"type": "emoji", "name": "wave", "skin_tone": 3},
                said(" "),
                {"type": "link", "url": "https://x.y/?a=1&b=2", "text": "logs"},
                said(" "),
                {"type": "link", "url": "https://x.y"},
                said(" "),
                {"type": "date", "timestamp": 1, "format": "{time}", "fallback": "14:05"},
            )
        ),
        "see <@U1>, <!subteam^S1> in <#C1> <!here> :fire::wave::skin-tone-3: "
        "<https://x.y/?a=1&amp;b=2|logs> <https://x.y> 14:05",
    ),
    (
        rich(
            section(said("a "), said("bold ", bold=True), said("code", code=True), said("<&>\n")),
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [section(said("one")), section(said("two"))],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "indent": 1,
                "elements": [section(said("three"))],
            },
            {"type": "rich_text_quote", "elements": [said("it is\nslow")]},
            {"type": "rich_text_preformatted", "elements": [said("kubectl get <pod>\n")]},
        ),
        "a *bold* `code`&lt;&amp;&gt;\n1. one\n2. two\n    • three\n> it is\n> slow\n"
        "```\nkubectl get &lt;pod&gt;\n```",
    ),
]


@pytest.mark.parametrize(("blocks", "expected"), BLOCKS)
def test_the_words_of_blocks(blocks: list[dict[str, Any]], expected: str) -> None:
    assert words({"text": "", "blocks": blocks}) == expected


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        (
            {
                "color": "danger",
                "pretext": "Alert",
                "title": "HubDown",
                "title_link": "https://a.org/1?x=1&y=2",
                "text": "datahub answers *500*",
                "fields": [
                    {"title": "Severity", "value": "critical", "short": True},
                    {"title": "", "value": "since 14:05"},
                ],
                "fallback": "HubDown",
                "footer": "Grafana v9",
            },
            "Alert\n<https://a.org/1?x=1&amp;y=2|HubDown>\ndatahub answers *500*\n"
            "Severity: critical\nsince 14:05",
        ),
        ({"fallback": "HubDown: datahub"}, "HubDown: datahub"),
        ({"footer": "Grafana v9", "color": "danger"}, "Grafana v9"),
        (
            {
                "fallback": "[no preview available]",
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "down"}}],
            },
            "down",
        ),
        (
            {
                "is_share": True,
                "is_msg_unfurl": True,
                "author_id": "U7",
                "author_name": "Chidi",
                "from_url": "https://t.slack.com/archives/C9/p1",
                "channel_name": "secrets",
                "text": "the proxy died\nagain",
                "fallback": "[July 1st, 2026 3:00 PM] chidi: the proxy died again",
                "footer": "Slack Conversation",
            },
            "From <@U7>:\n> the proxy died\n> again",
        ),
        (
            {
                "is_share": True,
                "author_name": "Pager & co",
                "text": "",
                "message_blocks": [
                    {"team": "T1", "message": {"blocks": rich(section(said("only in blocks")))}}
                ],
            },
            "From Pager &amp; co:\n> only in blocks",
        ),
        (
            {
                "is_share": True,
                "author_name": "Grafana",
                "attachments": [{"title": "HubDown", "text": "500s", "fallback": "x"}],
            },
            "From Grafana:\n> HubDown\n> 500s",
        ),
        (
            {"is_share": True, "author_id": "U7", "files": [{"name": "cpu.png"}]},
            "From <@U7>:\n> cpu.png",
        ),
    ],
)
def test_the_words_of_an_attachment(attachment: dict[str, Any], expected: str) -> None:
    assert words({"text": "", "attachments": [attachment]}) == expected
    assert words({"text": "look", "attachments": [attachment]}) == f"look\n{expected}"


@pytest.mark.parametrize(
    ("text", "payload", "expected"),
    [
        (  # Slack derives the text of a person's message from its blocks
            "*routes* are gone, <@U1|ana>:\n• a &amp; b\n1. c",
            {
                "blocks": rich(
                    section(said("routes", bold=True), said(" are gone, ")),
                    section({"type": "user", "user_id": "U1"}, said(":\n")),
                    {
                        "type": "rich_text_list",
                        "style": "bullet",
                        "elements": [section(said("a & b"))],
                    },
                    {
                        "type": "rich_text_list",
                        "style": "ordered",
                        "elements": [section(said("c"))],
                    },
                )
            },
            "*routes* are gone, <@U1|ana>:\n• a &amp; b\n1. c",
        ),
        (  # an app's short text for notifications
            "HubDown",
            {
                "blocks": [
                    {"type": "section", "text": {"type": "mrkdwn", "text": "*HubDown*: 500s"}}
                ]
            },
            "*HubDown*: 500s",
        ),
        (  # neither repeats the other wholly
            "HubDown fires",
            {
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "HubDown"}},
                    {"type": "section", "text": {"type": "mrkdwn", "text": "500s on datahub"}},
                ]
            },
            "HubDown fires\n500s on datahub",
        ),
        ("HubDown: 500s", {"attachments": [{"text": "500s", "fallback": "500s"}]}, "HubDown: 500s"),
        ("👍", {"blocks": rich(section({"type": "emoji", "name": "+1"}))}, ":+1:"),
    ],
)
def test_nothing_is_said_twice(text: str, payload: dict[str, Any], expected: str) -> None:
    assert words({"text": text, **payload}) == expected


PAGE = {
    "id": 1,
    "from_url": "https://x.y/page",
    "original_url": "https://x.y/page",
    "service_name": "X",
    "title": "A page",
    "title_link": "https://x.y/page",
    "text": "What the page says",
    "fallback": "X: A page",
}
LINKED = {
    "from_url": "https://t.slack.com/archives/C9/p1",
    "is_msg_unfurl": True,
    "author_id": "U7",
    "text": "the proxy died",
}


def test_a_preview_of_a_link_is_not_what_somebody_said() -> None:
    message = {"text": "see <https://x.y/page>", "attachments": [PAGE]}
    assert words(message) == own_words(message) == "see <https://x.y/page>"
    assert words({"text": "", "attachments": [PAGE]}) == (
        "<https://x.y/page|A page>\nWhat the page says"
    )


def test_a_linked_message_is_quoted_but_not_its_authors_own_words() -> None:
    message = {"text": "see <https://t.slack.com/archives/C9/p1>", "attachments": [LINKED]}
    assert words(message) == f"{message['text']}\nFrom <@U7>:\n> the proxy died"
    assert own_words(message) == message["text"]


def test_a_message_of_a_private_channel_that_only_some_people_see_is_not_quoted() -> None:
    hidden = {**LINKED, "private_channel_prompt": True}
    assert words({"text": "see", "attachments": [hidden]}) == "see"


def test_a_message_of_files_is_their_names() -> None:
    files = [{"id": "F1", "name": "cpu.png"}, {"id": "F2", "title": "log"}, {"id": "F3"}]
    assert words({"text": "", "files": files}) == "cpu.png, log, file"
    assert words({"text": "the graph", "files": files}) == "the graph"


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        ({"user": "U1", "text": "hello"}, ""),
        ({"bot_id": "B1", "subtype": "bot_message", "username": "Alert  manager"}, "Alert manager"),
        ({"user": "U9", "bot_id": "B1", "bot_profile": {"name": "Grafana"}}, "Grafana"),
        (
            {"bot_id": "B1", "username": "prod alerts", "bot_profile": {"name": "Hook"}},
            "prod alerts",
        ),
    ],
)
def test_an_apps_name_comes_from_its_message(payload: dict[str, Any], name: str) -> None:
    message = message_from({"ts": "1.0", **payload}, team_id="T1", channel_id="C1")
    assert message.author_name == name


@pytest.mark.parametrize(
    "broken",
    [
        {"blocks": "x", "attachments": {"a": 1}},
        {
            "blocks": [
                None,
                5,
                {"type": "section", "text": None},
                {"type": "rich_text", "elements": 1},
            ]
        },
        {
            "blocks": [
                {"type": "table", "rows": None},
                {"type": "rich_text", "elements": [{"type": 5}]},
            ]
        },
        {"attachments": [None, {"text": 5, "fields": [1], "message_blocks": [{"message": 1}]}]},
    ],
)
def test_malformed_parts_are_skipped(broken: dict[str, Any]) -> None:
    assert words({"text": "kept", **broken}) == "kept"


def test_deep_nesting_ends() -> None:
    attachment: dict[str, Any] = {"text": "deep"}
    block: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "deep"}}
    for _ in range(3000):
        attachment = {"is_share": True, "attachments": [attachment]}
        block = {"type": "container", "child_blocks": [block]}
    assert words({"text": "kept", "blocks": [block], "attachments": [attachment]}) == "kept"


def test_what_an_app_puts_into_blocks_mentions_nobody_in_the_report() -> None:
    text = words({"text": "", "blocks": rich(section(said("<!channel> @octocat <script>")))})
    assert text == "&lt;!channel&gt; @octocat &lt;script&gt;"
    assert "<script" not in neutral(text)
