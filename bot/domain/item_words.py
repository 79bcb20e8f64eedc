"""The title of an action item, with its links unbroken, and the link to where it is tracked already.

A title is one line of plain text in which a link with a label is written as in Markdown. Mentions stay as
Slack writes them, so that the names are those of the day on which the title is shown.
"""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit

from bot.domain.mrkdwn import MENTION, TOKEN, plain, unescape, without_quotes

_PULL = re.compile(r"/(?:pull|pulls|merge_requests)/\d+")
_ISSUE = re.compile(r"/issues/\d+")
_ISSUE_PATH = re.compile(r"(?P<repository>/[^/]+/[^/]+)/issues/(?P<number>\d{1,9})/?")

_LABEL = r"\[(?P<label>[^\[\]<>\n]{1,300})\]"
_URL = r"https?://(?:[^\s<>|()\[\]]|\([^\s<>|()]{0,200}\)){1,2000}"
_TYPED_LINK = re.compile(
    rf"{_LABEL}\(\s?(?:&lt;)?<?(?P<url>{_URL})(?:\|[^<>]{{0,1000}})?>?(?:&gt;)?\s?\)"
)
_ANGLED = re.compile(r"&lt;<?(?P<url>https?://(?:[^\s<>&|]|&amp;){1,2000})(?:\|[^<>]*)?>?&gt;")
_LINK = re.compile(rf"{_LABEL}\((?P<url>{_URL})\)|(?P<bare>https?://[^\s<>|]{{1,2000}})")
_MARKDOWN_LINK = re.compile(rf"{_LABEL}\((?P<url>{_URL})\)")
_NO_WORDS = re.compile(
    r"(?:link\sto\s)?(?:the\s)?(?:github\s|tracking\s|upstream\s)?"
    r"(?:issue|pr|pull\srequest|merge\srequest|ticket|link)?\s?(?:[\w.-]{1,80}/[\w.-]{1,80})?\s?#?\d*",
    re.IGNORECASE,
)
"""A label that says nothing of the work: ``Issue``, ``PR 123``, ``link to github issue``."""
_ENDS = " .,;:)]}"
_JOINTS = " (:[-–—→"
_MOST = 3000
"""Characters of a title with its addresses."""


class LinkKind(StrEnum):
    """What the link of an item leads to, as the report labels it."""

    PULL = "PR"
    ISSUE = "Issue"
    OTHER = "Link"


def link_kind(url: str) -> LinkKind:
    """Return what a URL leads to. Only issues and pull requests count as tracking."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return LinkKind.OTHER
    if _PULL.search(path):
        return LinkKind.PULL
    return LinkKind.ISSUE if _ISSUE.search(path) else LinkKind.OTHER


def number_beside(url: str, other: str) -> int:
    """Return the number of the issue at ``url`` if ``other`` is one of the same repository, or else 0."""
    found = [_issue_at(each) for each in (url, other)]
    return found[0][1] if found[0][0] and found[0][0] == found[1][0] else 0


def _issue_at(url: str) -> tuple[str, int]:
    """Return the address of the repository and the number of an issue; empty and 0 for any other page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", 0
    found = _ISSUE_PATH.fullmatch(parts.path)
    if found is None:
        return "", 0
    return f"{parts.netloc}{found['repository']}".casefold(), int(found["number"])


def title_of(text: str) -> str:
    """Return message text as a title: on one line, unescaped, without quote marks, with Markdown links."""

    def shown(found: re.Match[str]) -> str:
        target, label = found[1], unescape(found[2] or "")
        if MENTION.match(found[0]):
            return found[0]
        if not target.startswith(("https://", "http://")):
            return plain(found[0])
        return _written(label, unescape(target))

    text = _TYPED_LINK.sub(lambda found: _written(found["label"], found["url"]), text)
    text = _ANGLED.sub(lambda found: found["url"], without_quotes(text))
    return " ".join(unescape(TOKEN.sub(shown, text)).split())


def split_link(text: str) -> tuple[str, str]:
    """Return message text as a title, and the link to where the work is tracked (or an empty string).

    A bare link at the end, or one whose label says only what it leads to, is taken out of the title. Another
    one stays there; it is the link of the item if it leads to an issue, or stands at the end and leads to a
    pull request.
    """
    title = title_of(text)[:_MOST]
    links = list(_LINK.finditer(title))
    if not links:
        return title, ""
    last = links[-1]
    url, label = _address(last), last["label"] or ""
    end = last.end() if last["label"] else last.start() + len(url)
    is_last = not title[end:].strip(_ENDS)
    before = title[: last.start()].rstrip(_JOINTS)
    is_closed = before.count("(") == before.count(")")
    if is_last and is_closed and (not label or _NO_WORDS.fullmatch(label.strip())):
        return before or label or url, url
    kinds = (LinkKind.ISSUE, LinkKind.PULL) if is_last else (LinkKind.ISSUE,)
    if link_kind(url) in kinds:
        return title, url
    issues = [one for one in map(_address, links) if link_kind(one) is LinkKind.ISSUE]
    return title, issues[-1] if issues else ""


def named_address(text: str) -> tuple[str, str]:
    """Return message text that names something, and its last link, which may have the name as its label."""
    title = title_of(text)
    links = list(_LINK.finditer(title))
    if not links:
        return title, ""
    return f"{title[: links[-1].start()]}{links[-1]['label'] or ''}".strip(_JOINTS), _address(
        links[-1]
    )


def links_in(title: str) -> tuple[str, ...]:
    """Return the addresses that a title has."""
    return tuple(_address(found) for found in _LINK.finditer(title))


def shown_words(title: str) -> str:
    """Return the words of a title without the addresses of links with a label."""
    return _MARKDOWN_LINK.sub(lambda found: found["label"], title)


def shortened(title: str, limit: int) -> str:
    """Return at most ``limit`` characters of what a title shows, without half of a link or a mention."""
    if len(shown_words(title)) <= limit:
        return title
    kept, left, end = "", limit - 1, 0
    for found in _MARKDOWN_LINK.finditer(title):
        before = title[end : found.start()]
        if len(before) + len(found["label"]) > left:
            break
        kept += before + found[0]
        left -= len(before) + len(found["label"])
        end = found.end()
    following = _MARKDOWN_LINK.search(title, end)
    rest = title[end : following.start() if following else None][:left]
    return re.sub(r"<[@#!][^<>]*$", "", kept + rest) + "…"


def as_mrkdwn(title: str) -> str:
    """Return a title with links as Slack writes them."""
    return _MARKDOWN_LINK.sub(lambda found: f"<{found['url']}|{found['label']}>", title)


def _address(found: re.Match[str]) -> str:
    """Return the address of a link, without the punctuation behind a bare one."""
    if found["label"]:
        return found["url"]
    url = found["bare"].rstrip(".,;:!?'\"*_~]}")
    return url.rstrip(")") if url.count(")") > url.count("(") else url


def _written(label: str, url: str) -> str:
    """Return a link as Markdown, or its address alone if the label says the same."""
    label = " ".join(label.replace("[", "(").replace("]", ")").split())
    if not label or label in (url, url.partition("://")[2]):
        return url
    return f"[{label}]({url.replace('(', '%28').replace(')', '%29')})"
