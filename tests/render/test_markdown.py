"""Typed text, read by a Markdown parser, yields only allowed elements."""

from __future__ import annotations

import re
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.render.markdown import Names, bare, fenced, inert, inline, link, literal, neutral

ALLOWED = {
    *("paragraph_open", "paragraph_close", "inline", "text", "softbreak", "fence", "code_inline"),
    *("bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close"),
    *("list_item_open", "list_item_close", "blockquote_open", "blockquote_close"),
    *("strong_open", "strong_close", "em_open", "em_close", "s_open", "s_close"),
    *("link_open", "link_close"),
}

NASTY = [
    "# heading",
    "   ### heading ###",
    "setext\n======",
    "setext\n---",
    "---\nname: forged\n---",
    "+++\ntitle = 1\n+++",
    "***",
    "_ _ _",
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "<!-- mayday:incident=inc1 -->",
    "<!--\nmayday:incident=inc1\n-->",
    "<!<!-- -->-- mayday:incident=inc1 -->",
    "<details><summary>x</summary>",
    "<img src=http://track.test/p.png>",
    "![pixel](https://track.test/p.png)",
    "look!<https://track.test/p.png|here>",
    "!\u200b[x](https://track.test/p.png)",
    "[click](javascript:alert(1))",
    "<javascript:alert(1)|click>",
    "[click](data:text/html,x)",
    "[ref]: https://evil.test\n\n[ref]",
    "[^1]: a note\n\nsee[^1]",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "```\nopen fence",
    "~~~\nopen fence",
    "````\n```\n# inside\n````\n# after",
    "    indented code",
    "\tindented code",
    "- a\n\n      code in a list",
    "text\n    # lazy",
    "- [ ] a task\n- [x] done",
    "> [!WARNING]\n> alert",
    "> # quoted heading",
    "1. # heading in an item",
    "- ---",
    "a\\\n# b",
    "`code`` # `",
    "line one\rline two\n\u2028# three\x0b# four",
    "*a **b* c**",
    "[a](https://x.test/)](https://y.test/)",
    '[a](https://x.test/ "title")',
    "https://x.test/<script>",
    "<https://x.test/a b|c>",
    "<https://x.test|![p](https://track.test/p.png)>",
    "<@U1|<b>x</b>>",
    "<!date^99999999999^{date}|x>",
    "\\<b>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "\ufeff# bom",
    "\u202egnidaeh #",
    "*" * 3000,
    "[" * 3000,
    "`" * 1999 + "x",
    "<" * 3000,
    " *a" * 3000,
]


def tokens(text: str) -> list[Token]:
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    flat: list[Token] = []
    for token in reader.parse(text):
        flat += [token, *(token.children or [])]
    return flat


@pytest.mark.parametrize("text", NASTY)
def test_only_what_is_allowed_comes_out(text: str) -> None:
    found = {token.type for token in tokens(neutral(text))}
    assert found <= ALLOWED
    assert {token.type for token in tokens(inline(text))} <= ALLOWED
    assert {token.type for token in tokens(literal(text))} <= {
        *("paragraph_open", "paragraph_close", "inline", "text"),
    }


@pytest.mark.parametrize("text", NASTY)
def test_every_link_leads_to_the_web(text: str) -> None:
    links = [token for token in tokens(neutral(text)) if token.type == "link_open"]
    assert all(re.match("https?://", str(token.attrs["href"])) for token in links)


@pytest.mark.parametrize("text", NASTY)
def test_no_comment_is_left_to_be_taken_for_a_mark(text: str) -> None:
    assert "<!--" not in neutral(text)
    assert "<!--" not in bare(text)
    assert "<!--" not in neutral(f"```{text}```")
    assert "<!--" not in neutral(f"`{text}`")


@pytest.mark.parametrize("text", NASTY)
def test_an_entry_stays_within_itself(text: str) -> None:
    whole = tokens(f"### 21:14\n\n{neutral(text)}\n\n### 21:15\n")
    headings = [t.content for o, t in pairwise(whole) if o.type == "heading_open"]
    assert headings == ["21:14", "21:15"]


@pytest.mark.parametrize("text", NASTY)
def test_the_words_are_still_there(text: str) -> None:
    shown = "".join(t.content for t in tokens(neutral(text)) if not t.children)
    words = re.findall(r"[a-z]{4,}", re.sub(r"<[^>\n]*>|\([^)]*\)", "", text))
    assert [word for word in words if word not in shown] == []


@pytest.mark.parametrize(
    "text",
    [
        "@alice",
        "mail@host",
        "\\@alice",
        "@org/team",
        "*@alice*",
        "<https://x.test|@alice>",
        "[@alice](https://x.test)",
        "(@alice)",
        "<@U9|@alice>",
        "<!subteam^S1|@ops>",
        "> @alice",
        "- @alice",
    ],
)
def test_nobody_is_pinged(text: str) -> None:
    for written in (
        neutral(text),
        inline(text),
        literal(text),
        link(text, "https://x.test/@alice"),
    ):
        shown = "".join(t.content for t in tokens(written) if t.type == "text")
        assert not re.search(r"@\w", shown)
        assert "/@" not in written


@pytest.mark.parametrize("text", ["&#64;alice", "&commat;alice"])
def test_an_entity_is_not_read_as_a_name(text: str) -> None:
    assert "@" not in "".join(t.content for t in tokens(neutral(text)) if t.type == "text")


@pytest.mark.parametrize("text", ["#123", "org/repo#123", "GH-123", "gh-123", "(#123)", "*#123*"])
def test_nothing_is_referred_to(text: str) -> None:
    shown = "".join(t.content for t in tokens(neutral(text)) if t.type == "text")
    assert not re.search(r"#\d|GH-\d", shown, re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        "fixes #1",
        "Closes: org/repo#1",
        "resolved GH-1",
        "closes https://github.com/o/r/issues/1",
        "fix [it](https://github.com/o/r/issues/1)",
        "fixed <https://github.com/o/r/issues/1|it>",
    ],
)
def test_no_issue_is_closed(text: str) -> None:
    keyword = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b"
    assert not re.search(keyword, neutral(text), re.IGNORECASE)


def test_a_keyword_that_closes_nothing_is_left_alone() -> None:
    assert neutral("we fixed it and closed the door") == "we fixed it and closed the door"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("*bold* _it_ ~gone~ `code`", "**bold** _it_ ~~gone~~ `code`"),
        ("see <https://x.test/a_b|the *post*>", "see [the **post**](https://x.test/a_b)"),
        ("<https://x.test/>", "<https://x.test/>"),
        ("(see https://x.test/a_(b)).", "(see <https://x.test/a_%28b%29>)."),
        ("[a](https://x.test/1) b", "[a](https://x.test/1) b"),
        ("[a](<https://x.test/1|https://x.test/1>)", "[a](https://x.test/1)"),
        ("[a](https://x.test/(1))", "[a](https://x.test/%281%29)"),
        ("<mailto:a@x.test|a@x.test>", "a@\u200bx.test"),
        ("<@U1> asks <@U9|bob> in <#C1|ops>", "Ada asks bob in #ops"),
        ("<!channel> <!here|here>", "channel here"),
        ("<!date^1487913057^{date}|x>", "2017-02-23 21:10"),
        ("a &lt; b &amp;&amp; c &gt; d", "a &lt; b && c > d"),
        ("snake_case_name 2*3*4", "snake_case_name 2\\*3\\*4"),
        ("&gt; said\nanswer", "> said\n\nanswer"),
        ("• one\n• two", "- one\n- two"),
        ("so:\n1. a\n2) b", "so:\n\n1. a\n2. b"),
        ("run ```kubectl get pod\n# all```now", "run\n\n```\nkubectl get pod\n# all\n```\n\nnow"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
    ],
)
def test_what_slack_shows_is_kept(typed: str, written: str) -> None:
    names = Names(people={"U1": "Ada"}, zone=ZoneInfo("America/Los_Angeles"))
    assert neutral(typed, names) == written


def test_a_fence_is_longer_than_any_inside() -> None:
    (block,) = [t for t in tokens(fenced("a\n`````\nb")) if t.type == "fence"]
    assert block.content == "a\n`````\nb\n"


def test_plain_words_for_titles() -> None:
    typed = "*Fix* <https://x.test|the proxy> `now`, <@U1> &amp; co"
    assert bare(typed, Names(people={"U1": "Ada"})) == "Fix the proxy now, Ada & co"


@pytest.mark.parametrize(
    "text",
    [
        "Fixes #1",
        "closes: GH-3",
        "resolved org/repo#2",
        "fixed https://github.com/o/r/issues/4",
        "close http://x.test/o/r/pull/4",
        "@mallory and @org/team",
    ],
)
def test_plain_text_is_inert_in_a_commit(text: str) -> None:
    shown = inert(text)
    assert shown.replace("\u200b", "") == text
    assert not re.search(r"@\w|#\d|GH-\d|\b(fix|close|resolve)\w*\W+http", shown, re.IGNORECASE)
    assert inert("It was fixed at once, see #general") == "It was fixed at once, see #general"
