"""Reads what is typed after ``declare``, and tells whether two incidents may be one.

The options stand at the front, in any order: a severity, hubs, ``private``, ``drill``, ``past``, and a time
behind ``at``. The title is the rest. What is complete, as :attr:`Typed.is_complete` says, needs no form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.incident import TITLE_LIMIT, Incident
from bot.domain.search import asked, stem
from bot.domain.typed_time import TypedTime
from bot.domain.typography import QUOTES, same_key

LIKE_FOR = timedelta(hours=12)
"""How long after its declaration an open incident is shown to people who declare one like it."""
ENOUGH_SHARED = 2
"""How many words two titles must share, unless one has fewer."""

_FIRST = re.compile(r"\S+")
_SEVERITY_WORDS = frozenset({"sev", "severity"})
_FLAGS = frozenset({"private", "drill", "past"})
_JOINERS = frozenset({"and", "&", "+"})
_VERBS = (
    "is isn't are aren't was wasn't were has hasn't have had does doesn't can can't cannot could couldn't"
    " won't will would went goes keeps returns shows says seems fails hangs crashes"
)
_SENTENCE_GOES_ON = frozenset(_VERBS.split())
"""After one of these, the hub before is part of the title's sentence."""

ReadTime = Callable[[str], tuple[TypedTime | None, str]]
"""Reads a time at the front of a text; see :meth:`bot.domain.time_parsing.Reader.note`."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was read of the words after ``declare``.

    ``severity`` is empty where none or several were named. ``needs_hub`` is whether hubs are configured, so
    that one has to be named.
    """

    title: str = ""
    severity: str = ""
    hubs: tuple[str, ...] = ()
    private: bool = False
    drill: bool = False
    past: bool = False
    began: TypedTime | None = None
    needs_hub: bool = False
    is_ambiguous: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether it can be declared without a form."""
        has_title = bool(asked(self.title)) and len(self.title) <= TITLE_LIMIT
        has_hub = bool(self.hubs) or not self.needs_hub
        return bool(
            self.severity and has_title and has_hub and not (self.past or self.is_ambiguous)
        )


def read_typed(
    text: str, *, severities: Sequence[str], hubs: Sequence[str], read_time: ReadTime
) -> Typed:
    """Read what was typed after ``declare``. A single configured hub need not be named.

    Raises:
        UserError: a time behind ``at`` cannot be read.
    """
    known_severities = {same_key(name): name for name in severities}
    known_hubs = {same_key(name): name for name in hubs}
    found: list[str] = []
    named: list[str] = []
    flags: set[str] = set()
    began: TypedTime | None = None
    rest = text.strip()
    is_ambiguous = False
    while first := _FIRST.match(rest):
        word = same_key(first[0].rstrip(",;:"))
        behind = rest[first.end() :].strip()
        name = word.lstrip("-")
        next_word = second[0] if (second := _FIRST.match(behind)) else ""
        after, after_word = same_key(next_word), same_key(next_word.rstrip(",;:"))
        if word in known_severities:
            found.append(known_severities[word])
        elif name in _SEVERITY_WORDS and (severity := _named(after_word, known_severities)):
            found.append(severity)
            behind = behind[len(next_word) :].strip()
        elif severity := _glued(word, known_severities):
            found.append(severity)
        elif word in known_hubs:
            named.append(known_hubs[word])
            if after in _SENTENCE_GOES_ON:
                break
            if after in _JOINERS and _is_hub(behind[len(next_word) :], known_hubs):
                behind = behind[len(next_word) :].strip()
        elif name in _FLAGS:
            flags.add(name)
        elif name == "at" and began is None:
            began, left = read_time(f"at {behind}")
            if began is None:
                break
            behind = left.strip()
        else:
            break
        rest = behind
    if len(set(found)) > 1:
        is_ambiguous = True
    chosen = tuple(dict.fromkeys(named)) or (tuple(hubs) if len(hubs) == 1 else ())
    title = " ".join(rest.split())
    return Typed(
        title=title.strip(QUOTES) if title[:1] in QUOTES and title[-1:] in QUOTES else title,
        severity="" if is_ambiguous else next(iter(found), ""),
        hubs=chosen,
        private="private" in flags,
        drill="drill" in flags,
        past="past" in flags,
        began=began,
        needs_hub=bool(hubs),
        is_ambiguous=is_ambiguous,
    )


def _is_hub(text: str, known: Iterable[str]) -> bool:
    first = _FIRST.match(text.strip())
    return first is not None and same_key(first[0].rstrip(",;:")) in known


def _named(word: str, known: dict[str, str]) -> str:
    """The severity with this name or number."""
    return known.get(word) or _numbered(word, known)


def _numbered(word: str, known: dict[str, str]) -> str:
    """The severity whose name ends in this number: “2” in “sev 2”."""
    found = [name for key, name in known.items() if word.isdigit() and _number(key) == word]
    return found[0] if len(found) == 1 else ""


def _glued(word: str, known: dict[str, str]) -> str:
    """The severity in “sev-2” or “severity2”."""
    found = re.fullmatch(r"(?:sev|severity)[-_]?(\d+)", word)
    return _numbered(found[1], known) if found else ""


def _number(key: str) -> str:
    found = re.search(r"\d+$", key)
    return found[0] if found else ""


def is_like(title: str, hubs: Iterable[str], other: Incident) -> bool:
    """Return whether an open incident may be the outage that somebody declares."""
    return bool(set(hubs) & set(other.hubs)) or has_like_title(title, other.title)


def has_like_title(one: str, other: str) -> bool:
    """Return whether two titles share most of their words, and name no different numbers."""
    first, second = ({stem(word) for word in asked(text)} for text in (one, other))
    if not first or not second:
        return " ".join(one.split()).casefold() == " ".join(other.split()).casefold() != ""
    numbers = [{word for word in words if word.isdigit()} for words in (first, second)]
    if all(numbers) and not numbers[0] & numbers[1]:
        return False
    shared, fewest = len(first & second), min(len(first), len(second))
    return first == second or (shared >= ENOUGH_SHARED and 2 * shared > fewest)
