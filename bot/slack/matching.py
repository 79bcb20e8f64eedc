"""Words as people type them, matched to the words that are known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from bot.domain.typography import plain_marks, same_key

PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
"""The mention of a person in what was typed."""


def people(text: str) -> list[str]:
    """The user ids of the people who are mentioned, each once."""
    return list(dict.fromkeys(PERSON.findall(text)))


SHORTEST = 3
"""How many letters of a word's beginning stand for it."""


def squashed(word: str) -> str:
    """What is equal of two words that are written together, apart or with dashes: ``SEV-1`` and ``sev 1``."""
    return re.sub(r"[\s_-]", "", same_key(word))


def meant(text: str, words: Iterable[str]) -> tuple[str, str]:
    """The known word that a text begins with, and the rest of the text.

    It may be written in two words (``sev 1``), by its number (``1``) or by its beginning, of at least
    :data:`SHORTEST` letters (``monitor``). The first word as it was typed where none or several fit.
    """
    known = {word: squashed(word) for word in words}
    first, rest = split_word(text)
    second, after = split_word(rest)
    for typed, left in ((first + second, after), (first, rest)):
        if found := [word for word, key in known.items() if key == squashed(typed)]:
            return (typed if typed in found else found[0]), left
    key = squashed(first)
    if key.isdecimal():
        found = [word for word, other in known.items() if re.sub(r"\D", "", other) == key]
    else:
        found = [word for word, other in known.items() if other.startswith(key)]
        found = found if len(key) >= SHORTEST else []
    return (found[0] if len(found) == 1 else first), rest


def split_word(text: str) -> tuple[str, str]:
    """The first word and the rest; a line break counts as a space."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, "".join(rest)


def same_word(word: str, words: Iterable[str]) -> str:
    """The known word that is equal but for its case or typography; else the word as it was typed."""
    known = list(words)
    return (
        word if word in known else next((w for w in known if same_key(w) == same_key(word)), word)
    )


def closest(word: str, words: Iterable[str], *, cutoff: float = 0.4) -> str:
    """The known word that is most like this one, or nothing where none is."""
    found = difflib.get_close_matches(plain_marks(word), list(words), n=1, cutoff=cutoff)
    return found[0] if found else ""


def containing(text: str, words: Iterable[str]) -> tuple[str, ...]:
    """The known words that contain the text in any case, those that begin with it first."""
    typed = text.strip().casefold()
    found = [word for word in words if typed in word.casefold()]
    return tuple(sorted(found, key=lambda word: not word.casefold().startswith(typed)))
