"""Splits texts into the words that are searched, cuts a snippet out, and measures how alike texts are.

Both databases index the same words, and the likeness is computed here, so that a question has the same
answer on either.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MOST_WORDS = 40
"""Words of a question; the others are ignored."""
LONGEST_WORD = 60
MOST_INDEXED = 100_000
"""Characters of a text that are indexed. PostgreSQL takes a megabyte."""
ENOUGH = 0.15
"""The least likeness that is worth showing; 1 is a text with every word of the question in its title. Two
accounts of one outage have about 0.6, and two outages of one cause about 0.2."""
LEAST_SHARED = 2
"""How many words of a question a text must have that is like it."""

_WORD = re.compile(r"[^\W_]+")
_COMMON_WORDS = (
    "a about after all also an and any are as at be because been before but by can could did do does for from"
    " had has have he her his how i if in into is it its me more no not of off on or our out over so some"
    " than that the their them then there these they this those to up us was we were what when where which"
    " who why will with would you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_SNIPPET = 200
_SATURATION = 1.2
_LENGTH = 0.75
_TITLE_WEIGHT = 3
_SUFFIXES = ("ions", "ion", "ings", "ing", "ers", "er", "ed", "es", "e", "s")
_SHORTEST_STEM = 3


def split(text: str) -> Iterator[str]:
    """The words of a text in their order, in small letters and without accents."""
    plain = unicodedata.normalize("NFKD", text[:MOST_INDEXED]).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return (found[0][:LONGEST_WORD] for found in _WORD.finditer(plain))


def indexed(text: str) -> str:
    """Return the words of a text as the databases index them."""
    return " ".join(split(text))


def asked(text: str) -> tuple[str, ...]:
    """Return the words of a question that are looked for, each once; empty if it has only common ones."""
    return tuple(dict.fromkeys(word for word in split(text) if word not in _COMMON))[:MOST_WORDS]


def snippet(text: str, words: Sequence[str]) -> str:
    """Return the part of a text that has the most of the words, on one line; else its beginning."""
    line = " ".join(text.split())
    stems = {stem(word) for word in words}
    places = [found.start() for found in _WORD.finditer(line) if stem(found[0].casefold()) in stems]
    if not places:
        return _cut(line, 0)
    most = max(places, key=lambda at: (sum(at <= each < at + _SNIPPET for each in places), -at))
    start = line.rfind(" ", 0, max(0, most - _SNIPPET // 4)) + 1
    return _cut(line, start)


def _cut(line: str, start: int) -> str:
    end = start + _SNIPPET
    shown = line[start:end]
    if end < len(line):
        shown = f"{shown[: shown.rfind(' ')] if ' ' in shown else shown}…"
    return f"…{shown}" if start else shown


def stem(word: str) -> str:
    """Return a word without its ending: “evicted” and “evictions” are the same word as “evict”."""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word.removesuffix(suffix)
    return word


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A text that may be alike. ``title`` and ``text`` are words as :func:`indexed` returns them."""

    key: str
    title: str
    text: str


def alike(
    question: Sequence[str], candidates: Iterable[Candidate], *, total: int
) -> list[tuple[float, str]]:
    """Return how alike each candidate is to a question, from 0 to 1, with its key, the most alike first.

    The likeness is BM25's score as a part of the highest possible one. ``total`` is how many texts there are,
    of which the candidates are those with a word of the question. Texts that share too little are left out.
    """
    bags = {each.key: _bag(each) for each in candidates}
    wanted = Counter(stem(word) for word in question)
    weights = {word: _rarity(sum(word in bag for bag in bags.values()), total) for word in wanted}
    most = sum(weights.values()) * (_SATURATION + 1)
    average = sum(bag.total() for bag in bags.values()) / max(len(bags), 1)
    least = min(LEAST_SHARED, len(weights))
    scores = [
        (_score(bag, weights, average) / most, key)
        for key, bag in bags.items()
        if most and sum(word in bag for word in weights) >= least
    ]
    return sorted(scores, key=lambda each: (-each[0], each[1]))


def _bag(candidate: Candidate) -> Counter[str]:
    bag = Counter(stem(word) for word in candidate.text.split())
    for word in candidate.title.split():
        bag[stem(word)] += _TITLE_WEIGHT
    return bag


def _rarity(count: int, total: int) -> float:
    return math.log(1 + (max(total, count) - count + 0.5) / (count + 0.5))


def _score(bag: Counter[str], weights: dict[str, float], average: float) -> float:
    length = 1 - _LENGTH + _LENGTH * bag.total() / (average or 1)
    return sum(
        weight * bag[word] * (_SATURATION + 1) / (bag[word] + _SATURATION * length)
        for word, weight in weights.items()
        if bag[word]
    )
