"""Converts typed text to Markdown that can't mention anybody or imitate mayday's markup.

People type Slack's mrkdwn in channels and Markdown in forms, so one small grammar reads both. Only known
constructs are written: bold, italics, strike-through, code, quotes, lists, and http(s) links. Everything
else becomes literal text. A block list would be shorter, but it would have to know every Markdown dialect.
The time is linear in the length of the text: no pattern can look further than its own construct or a fixed
number of characters.

GitHub's mentions and references: docs.github.com, "Autolinked references and URLs". A backslash or an
entity before a name still notifies; a zero-width space after the @ doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.domain.mrkdwn import Named, channel_name, group_name

_GAP = "\u200b"
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control characters (C0 and C1), halves of pairs, characters that YAML refuses, and those that change the
# display order of text.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069\ufeff]"
)
_TICKS = re.compile(r"`{3,}")
_LONG_RUN = re.compile(r"`{80}(?=`)")
_ITEM = re.compile(r"^\s*(?:[-*+•◦]|(\d{1,3})[.)])\s+(?=\S)")
_QUOTE = re.compile(r"^(?:>|&gt;)+ ?")

_URL = r"https?://[^\s<>|`\"]+"
# A URL in parentheses may contain one pair of parentheses.
_NESTED_URL = r"https?://(?:[^\s<>|`\"()]|\([^\s<>|`\"()]*\))+"
_TOKEN = re.compile(
    rf"""
    (?P<ticks>(?<!`)`+(?!`))(?P<code>.{{1,2000}}?)(?<!`)(?P=ticks)(?!`)
    | <(?P<url>{_URL}|mailto:[^|<>\s]+)(?:\|(?P<label>[^<>]*))?>
    | <@(?P<user>[A-Z0-9]+)(?:\|(?P<user_label>[^<>]*))?>
    | <\#(?P<channel>[A-Z0-9]+)(?:\|(?P<channel_label>[^<>]*))?>
    | <!(?!--)(?P<special>[^<>]*)>
    | !?\[(?P<md_text>[^\[\]\n]+)\]\(<?(?P<md_url>{_NESTED_URL})(?:\|[^<>\n]{{0,1000}})?>?\)
    | (?P<bare>{_URL})
    | (?<![\w*])(?P<bold>\*{{1,2}})(?=[^\s*])
        (?P<bold_text>[^\n]{{0,1000}}?[^\s*])(?P=bold)(?![\w*])
    | (?<![\w_])(?P<italic>_{{1,2}})(?=[^\s_])
        (?P<italic_text>[^\n]{{0,1000}}?[^\s_])(?P=italic)(?![\w_])
    | (?<![\w~])(?P<strike>~{{1,2}})(?=[^\s~])
        (?P<strike_text>[^\n]{{0,1000}}?[^\s~])(?P=strike)(?![\w~])
    """,
    re.VERBOSE,
)

_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?)\b", re.IGNORECASE)
_REFERS = re.compile(r"\s*+(?::\s*+)?(?:#\d|GH-\d|[\w.-]{1,100}/[\w.-]{1,100}#\d)", re.IGNORECASE)
_REFERS_TO_URL = re.compile(r"\s*+(?::\s*+)?https?://\S{1,300}/(?:issues|pull)/\d", re.IGNORECASE)
_REFERENCE = re.compile(r"(?<=#)(?=\d)|(?<=\bGH-)(?=\d)|(?<=@)(?=\w)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?\w+;)")
_SPECIAL = re.compile(r"[\\`*\[|~]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK_START = re.compile(r"^(\s*)(?=#|>|[-+=](?:\s|$|[-+=])|:\s)")
_NUMBERED = re.compile(r"^(\s*\d+)([.)])(?=\s|$)")


@dataclass(frozen=True, kw_only=True)
class Names(Named):
    """The values of the codes in Slack's text: names by id, and the zone for dates."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


NOBODY = Names()


def neutral(text: str, names: Names = NOBODY) -> str:
    """Return the text as Markdown blocks, separated by blank lines: paragraphs, lists, quotes, code.

    The result never has headings, HTML, images or rules.
    """
    clean = _clean(text)
    blocks: list[str] = []
    end = 0
    for opening, closing in _fences(clean):
        blocks += _paragraphs(clean[end : opening.start()], names)
        blocks.append(fenced(clean[opening.end() : closing.start()]))
        end = closing.end()
    blocks += _paragraphs(clean[end:], names)
    return "\n\n".join(blocks)


def inline(text: str, names: Names = NOBODY) -> str:
    """Return the text on one line, for titles, items and table cells."""
    return _line(_flat(text), names)


def literal(text: str) -> str:
    """Return the text on one line, with all markup escaped, including links."""
    return _block_start(_plain(_flat(text)))


def bare(text: str, names: Names = NOBODY) -> str:
    """Return the text on one line without markup, for places that don't render Markdown."""

    def shown(token: re.Match[str]) -> str:
        part = token.groupdict()
        if part["user"]:
            return _person(part, names)
        if part["channel"]:
            return _channel(part, names)
        if part["special"] is not None:
            return _special(part["special"], names)
        for name in ("bold_text", "italic_text", "strike_text"):
            if part[name]:
                return _TOKEN.sub(shown, part[name])
        label = part["code"] or part["label"] or part["md_text"] or part["url"] or part["bare"]
        return (label or "").removeprefix("mailto:")

    return _unescaped(_TOKEN.sub(shown, _flat(text))).replace("<!--", "")


def inert(text: str) -> str:
    """Return plain text that mentions nobody and closes no issue, also in a commit message."""

    def parted(word: re.Match[str]) -> str:
        refers = _REFERS.match(text, word.end()) or _REFERS_TO_URL.match(text, word.end())
        return word[0][0] + _GAP + word[0][1:] if refers else word[0]

    return _REFERENCE.sub(_GAP, _CLOSING.sub(parted, text))


def link(label: str, url: str) -> str:
    """Return a link with a literal label, or only the label if the URL is not http(s)."""
    shown = literal(label).replace("]", "\\]") or "link"
    return f"[{shown}]({_address(url)})" if re.match(r"https?://\S", url) else shown


def fenced(code: str) -> str:
    """Return a code block whose fence is longer than any run of backticks inside."""
    inside = _apart(_unescaped(_clean(code)).strip("\n").replace("<!--", f"<!{_GAP}--"))
    longest = max((len(run) for run in re.findall(r"`+", inside)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{inside}\n{fence}"


def _apart(code: str) -> str:
    """Return code without very long runs of backticks, because the fences around it are longer."""
    return _LONG_RUN.sub(lambda run: run[0] + _GAP, code)


def _fences(text: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Yield the two fences of each code block: runs of backticks of the same length."""
    runs = list(_TICKS.finditer(text))
    following: dict[int, int] = {}
    closings = [0] * len(runs)
    for number in reversed(range(len(runs))):
        closings[number] = following.get(len(runs[number][0]), 0)
        following[len(runs[number][0])] = number
    number = 0
    while number < len(runs):
        if closing := closings[number]:
            yield runs[number], runs[closing]
        number = (closing or number) + 1


def _clean(text: str) -> str:
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)).replace("\t", "    ")


def _flat(text: str) -> str:
    return " ".join(_clean(text).split())


def _unescaped(text: str) -> str:
    """Return unescaped text. Slack escapes only &, < and > (docs.slack.dev, formatting text)."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _paragraphs(text: str, names: Names) -> list[str]:
    """Return the lines grouped into blocks, so that a list or a quote doesn't absorb its neighbours."""
    blocks: list[tuple[str, list[str]]] = []
    for raw in text.split("\n"):
        if not raw.strip():
            if blocks and blocks[-1][0] != "blank":
                blocks.append(("blank", []))
            continue
        kind, written = _classified(raw, names)
        if blocks and blocks[-1][0] == kind:
            blocks[-1][1].append(written)
        else:
            blocks.append((kind, [written]))
    return ["\n".join(lines) for kind, lines in blocks if kind != "blank"]


def _classified(raw: str, names: Names) -> tuple[str, str]:
    if quoted := _QUOTE.match(raw):
        return "quote", "> " + _line(raw[quoted.end() :].strip(), names)
    if item := _ITEM.match(raw):
        mark = f"{item[1]}." if item[1] else "-"
        return ("numbers" if item[1] else "bullets"), f"{mark} {_line(raw[item.end() :], names)}"
    return "text", _line(raw.strip(), names)


def _line(text: str, names: Names) -> str:
    return _block_start(_spans(text.strip(), names))


def _block_start(line: str) -> str:
    """Escape a start of line that would begin a heading, a rule, a list or a quote."""
    return _NUMBERED.sub(r"\1\\\2", _BLOCK_START.sub(r"\1\\", line))


def _spans(text: str, names: Names, *, links: bool = True) -> str:
    out: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        written = _span(token, names, links=links)
        before = _plain(text[end : token.start()], before_link="](" in written or "://" in written)
        if before.endswith("!") and written.startswith("["):
            before = before[:-1] + "\\!"
        out += [before, written]
        end = token.end()
    return "".join([*out, _plain(text[end:])])


def _span(token: re.Match[str], names: Names, *, links: bool) -> str:
    part = token.groupdict()
    if part["code"] is not None:
        return _code(part["code"])
    for style, mark in (("bold", "**"), ("italic", "_"), ("strike", "~~")):
        if part[style]:
            return mark + _spans(part[f"{style}_text"], names, links=links) + mark
    if part["user"]:
        return _plain(_person(part, names))
    if part["channel"]:
        return _plain(_channel(part, names))
    if part["special"] is not None:
        return _plain(_special(part["special"], names))
    return _linked(part, names, links=links)


def _linked(part: Mapping[str, str | None], names: Names, *, links: bool) -> str:
    url = part["url"] or part["md_url"] or part["bare"] or ""
    label = part["label"] or part["md_text"] or ""
    if url.startswith("mailto:"):
        return _plain(label or url.removeprefix("mailto:"))
    url, tail = _trimmed(url) if part["bare"] else (url, "")
    if not links:
        return _plain(label or url)
    if not label or label == url:
        return f"<{_address(url)}>" + _plain(tail)
    return f"[{_spans(label, names, links=False)}]({_address(url)})" + _plain(tail)


def _person(part: Mapping[str, str | None], names: Names) -> str:
    return _flat(names.people.get(part["user"] or "") or part["user_label"] or "someone")


def _channel(part: Mapping[str, str | None], names: Names) -> str:
    return _flat(channel_name(part["channel"] or "", part["channel_label"] or "", names))


def _special(inside: str, names: Names) -> str:
    """Return the text of ``<!…>``: a date in the zone, a group's name, or the name of the broadcast."""
    what, _, label = inside.partition("|")
    if (date := re.match(r"date\^(\d{1,11})\^", what)) is not None:
        moment = datetime.fromtimestamp(int(date[1]), UTC).astimezone(names.zone)
        return moment.strftime("%Y-%m-%d %H:%M")
    if what.startswith("subteam^"):
        return _flat(group_name(f"!{what}", label, names))
    return label.lstrip("@") or what.partition("^")[0]


def _code(code: str) -> str:
    inside = _unescaped(code).replace("<!--", f"<!{_GAP}--")
    longest = max((len(run) for run in re.findall(r"`+", inside)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if inside.startswith(("`", " ")) or inside.endswith(("`", " ")) else ""
    return f"{ticks}{pad}{inside}{pad}{ticks}"


def _address(url: str) -> str:
    # ``;`` is quoted: after ``&`` it would end an entity.
    return quote(_unescaped(_UNSEEN.sub("", url)), safe=":/?#!$&+,=%~-._")


def _trimmed(url: str) -> tuple[str, str]:
    """Split a bare URL from the punctuation that follows it."""
    end, unopened = len(url), url.count(")") - url.count("(")
    while end and url[end - 1] in ".,;:!?'*_~)":
        if url[end - 1] == ")":
            if unopened <= 0:
                break
            unopened -= 1
        end -= 1
    return url[:end], url[end:]


def _plain(text: str, *, before_link: bool = False) -> str:
    """Return literal text. With ``before_link``, a trailing keyword such as "fixes" is broken up too."""
    text = _unescaped(text)
    last = len(text.rstrip(" :"))

    def parted(word: re.Match[str]) -> str:
        refers = _REFERS.match(text, word.end()) or (before_link and word.end() >= last)
        return word[0][0] + _GAP + word[0][1:] if refers else word[0]

    text = _CLOSING.sub(parted, text)
    text = _ENTITY.sub("&amp;", text).replace("<", "&lt;")
    text = _SPECIAL.sub(lambda char: "\\" + char[0], text)
    return _REFERENCE.sub(_GAP, text)
