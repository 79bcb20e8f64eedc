"""Finds web addresses in Markdown. The time is linear in the length of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_URL = re.compile(r"https?://[^\s<>\"`\]|{}\\]+", re.IGNORECASE)
_RELATIVE = re.compile(r"\]\(\s{0,9}<?([^\s()<>#:]+)(?:#[^\s()<>]*)?>?\s{0,9}\)")
_DEFINITION = re.compile(
    r" {0,3}\[(?P<name>[^\[\]^]{1,100})\]: *<?(?P<url>https?://[^\s<>]+)", re.IGNORECASE
)
_LABEL = re.compile(r"\[([^\[\]]{1,100})\]")
_TRAILING = ".,;:!?'*_"


def web_links(text: str) -> tuple[str, ...]:
    """Return the http(s) addresses in the order of their first appearance, without the text around them."""
    return tuple(dict.fromkeys(_trimmed(found[0]) for found in _URL.finditer(text)))


def definitions(lines: Iterable[str]) -> Mapping[str, str]:
    """Return the addresses of ``[name]: https://…``, by their names in lower case."""
    found = filter(None, map(_DEFINITION.match, lines))
    return {each["name"].casefold(): _trimmed(each["url"]) for each in found}


def all_links(text: str, defined: Mapping[str, str]) -> tuple[str, ...]:
    """Return the addresses in the text and those that its references name."""
    if not defined:
        return web_links(text)
    named = (defined.get(each.casefold()) for each in _LABEL.findall(text))
    return tuple(dict.fromkeys([*web_links(text), *filter(None, named)]))


def relative_links(text: str) -> tuple[str, ...]:
    """Return the paths of files that the Markdown links to, without anchors."""
    return tuple(dict.fromkeys(_RELATIVE.findall(text)))


def _trimmed(url: str) -> str:
    """Return the address up to a bracket that it doesn't open, without the punctuation that follows it."""
    depth = 0
    for index, character in enumerate(url):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            url = url[:index]
            break
    return url.rstrip(_TRAILING)
