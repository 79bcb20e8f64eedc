"""Titles of action items and where they are tracked, from message text."""

from __future__ import annotations

import pytest

from bot.domain.item_words import as_mrkdwn, links_in, shortened, shown_words, split_link, title_of

ISSUE = "https://github.com/x/y/issues/6"
PULL = "https://github.com/x/y/pull/7"
PAGE = "https://x.y/1"


@pytest.mark.parametrize(
    ("text", "title", "link"),
    [
        ("add an alert", "add an alert", ""),
        (f"add an alert {PAGE}", "add an alert", PAGE),
        (f"add an alert ({PAGE}).", "add an alert", PAGE),
        ("add an alert &lt;https://x.y/1&gt;", "add an alert", PAGE),
        ("add an alert &lt;<https://x.y/1>&gt;", "add an alert", PAGE),
        ("see https://x.y/?a=1&amp;b=2", "see", "https://x.y/?a=1&b=2"),
        (f"add an alert [Issue]({ISSUE})", "add an alert", ISSUE),
        (f"add an alert - [link to github issue](<{ISSUE}>)]", "add an alert", ISSUE),
        (f"add an alert <{PULL}|x/y#7>", "add an alert", PULL),
        (f"{ISSUE}", ISSUE, ISSUE),
        (f"<{ISSUE}|PR 7>", "PR 7", ISSUE),
        (
            f"speed up the [inodes issue](<{ISSUE}>), which began it",
            f"speed up the [inodes issue]({ISSUE}), which began it",
            ISSUE,
        ),
        (
            f"speed up the [inodes issue](<{ISSUE}|github.com/x/y>)",
            f"speed up the [inodes issue]({ISSUE})",
            ISSUE,
        ),
        (f"test it, since <{PULL}|one> broke it", f"test it, since [one]({PULL}) broke it", ""),
        (f"finish <{PULL}|the chart>", f"finish [the chart]({PULL})", PULL),
        (f"see <{PAGE}|x.y/1> first", f"see {PAGE} first", ""),
        (
            f"one <{PAGE}|page> [Issue]({ISSUE}) [PR]({PULL})",
            f"one [page]({PAGE}) [Issue]({ISSUE})",
            PULL,
        ),
        (f"(see [Issue]({ISSUE}))", f"(see [Issue]({ISSUE}))", ISSUE),
        ("1. do this\n2. do that", "1. do this 2. do that", ""),
        ("<https://x.y/a(b)|a [b]> now", "[a (b)](https://x.y/a%28b%29) now", ""),
        ("a [b] (c) https://[x/issues/1", "a [b] (c)", "https://[x/issues/1"),
        ("ask <@U1> &amp; &lt;!channel&gt;", "ask <@U1> & <!channel>", ""),
    ],
)
def test_a_title_and_its_link(text: str, title: str, link: str) -> None:
    assert split_link(text) == (title, link)


def test_a_title_read_again_is_the_same() -> None:
    title, link = split_link(f"speed up the [inodes issue](<{ISSUE}>) and <{PAGE}|that> too")
    assert split_link(title) == (title, link)
    assert links_in(title) == (ISSUE, PAGE)
    assert shown_words(title) == "speed up the inodes issue and that too"
    assert as_mrkdwn(title) == f"speed up the <{ISSUE}|inodes issue> and <{PAGE}|that> too"
    assert title_of(as_mrkdwn(title)) == title


def test_a_long_title_loses_whole_links() -> None:
    link = f"[the issue]({ISSUE})"
    long = f"{'x' * 20} {link} {'y' * 20} <@U123> {link} {'z' * 20}"
    assert shortened(long, 300) == long
    assert shortened(long, 36) == f"{'x' * 20} {link} yyyy…"
    assert shortened(long, 60) == f"{'x' * 20} {link} {'y' * 20} <@U123>…"
    assert shortened(long, 55) == f"{'x' * 20} {link} {'y' * 20} …"
    assert shortened(long, 25) == f"{'x' * 20} …"
    assert all(len(shown_words(shortened(long, limit))) <= limit for limit in range(1, 120))
