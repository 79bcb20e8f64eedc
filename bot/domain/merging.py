"""Merges a published text that people changed where it is published with what mayday would write now.

Three ways, by lines: the base is what mayday wrote last. A change of one side is taken over; where both
changed the same lines differently, there is a conflict and no merged text. A checkbox that somebody ticked or
cleared by hand stays so, whatever else of its line changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import zip_longest
from types import MappingProxyType

_BOX = re.compile(r"^(?P<head>\s*(?:[-*+]|\d+[.)])\s+\[)(?P<tick>[ xX])(?P<tail>\].*)$", re.DOTALL)

_MARK = re.compile(r"<!-- mayday:[^\n]* -->\s*$")
"""The line by which mayday finds a text again."""

NOTHING_DECIDED: Mapping[str, str] = MappingProxyType({})

LIKENESS = 0.7
"""From how alike on, of 1, two lines count as the same line in other words."""

Span = tuple[int, int, int, int]
"""From and to in the base, and from and to in a side that changed it."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A title, and a text in the parts in which it is published: an issue and its further comments."""

    title: str
    parts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Lines that both sides changed differently. Each is empty where its side removed them."""

    ours: str
    theirs: str

    @property
    def key(self) -> str:
        """A fingerprint of both texts, by which a person's decision about them is known."""
        return hashlib.sha256(f"{self.ours}\0{self.theirs}".encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Merge:
    """A merged text, which means nothing if there are conflicts."""

    text: str
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MergedDraft:
    """A merged draft, which means nothing if there are conflicts."""

    draft: Draft
    conflicts: tuple[Conflict, ...] = ()


@dataclass(kw_only=True)
class _Cluster:
    """Changes of both sides that concern the same lines of the base."""

    start: int
    end: int
    ours: list[Span] = field(default_factory=list)
    theirs: list[Span] = field(default_factory=list)


def lines_of(text: str) -> list[str]:
    """Return the lines, without what GitHub changes: kinds of line ends, and blanks around the text."""
    return text.replace("\r\n", "\n").strip().split("\n") if text.strip() else []


def is_same(one: str, other: str) -> bool:
    """Return whether two texts are the same but for what GitHub changes."""
    return lines_of(one) == lines_of(other)


def merge_drafts(
    base: Draft | None, ours: Draft, theirs: Draft, decided: Mapping[str, str] = NOTHING_DECIDED
) -> MergedDraft:
    """Return what to publish: ``ours`` with what people changed from ``base`` to ``theirs``.

    Without a base, nobody knows who changed what: everything that differs is a conflict. ``decided`` has
    the lines that a person wants in place of a conflict, by its key.
    """
    if base is None:
        title = _whole(ours.title, theirs.title, decided)
        pairs = zip_longest(ours.parts, theirs.parts, fillvalue="")
        parts = [_whole(*texts, decided) for texts in pairs]
    else:
        title = merge(base.title, ours.title, theirs.title, decided)
        drafts = zip_longest(base.parts, ours.parts, theirs.parts, fillvalue="")
        parts = [merge(*texts, decided) for texts in drafts]
    return MergedDraft(
        draft=Draft(title=title.text, parts=tuple(part.text for part in parts)),
        conflicts=tuple(each for part in (title, *parts) for each in part.conflicts),
    )


def _whole(ours: str, theirs: str, decided: Mapping[str, str]) -> Merge:
    """Two texts of which nobody knows what they were before."""
    conflict = Conflict(ours=ours, theirs=theirs)
    if is_same(ours, theirs):
        return Merge(text=ours)
    if conflict.key in decided:
        return Merge(text="\n".join(_decided(conflict, decided)))
    return Merge(text=ours, conflicts=(conflict,))


def _decided(conflict: Conflict, decided: Mapping[str, str]) -> list[str]:
    """The lines that a person wants in place of a conflict. mayday's marks stay, whatever they chose."""
    text = decided[conflict.key]
    kept = [line for line in text.split("\n") if not _MARK.match(line)] if text else []
    return kept + [line for line in conflict.ours.split("\n") if _MARK.match(line)]


def merge(base: str, ours: str, theirs: str, decided: Mapping[str, str] = NOTHING_DECIDED) -> Merge:
    """Return ``ours`` with what ``theirs`` changed of ``base``, and what was ``decided`` of conflicts."""
    if is_same(theirs, base) or is_same(theirs, ours):
        return Merge(text=ours)
    if is_same(ours, base):
        return Merge(text=theirs)
    before, new, there = lines_of(base), lines_of(ours), lines_of(theirs)
    there, ticks = _unticked(before, there)
    merged: list[str] = []
    conflicts: list[Conflict] = []
    at = 0
    for cluster in _clusters(_changes(before, new), _changes(before, there)):
        merged += _ticked(before[at : cluster.start], ticks, at)
        at = cluster.end
        found = _resolved(cluster, before, new, there, ticks)
        if isinstance(found, Conflict) and found.key in decided:
            merged += _decided(found, decided)
        elif isinstance(found, Conflict):
            conflicts.append(found)
        else:
            merged += found
    merged += _ticked(before[at:], ticks, at)
    return Merge(text="\n".join(merged) + "\n", conflicts=tuple(conflicts))


def _unticked(before: Sequence[str], there: Sequence[str]) -> tuple[list[str], dict[int, str]]:
    """The lines without what hands ticked or cleared, and that by the number of the line in the base."""
    result, ticks = list(there), {}
    matcher = SequenceMatcher(
        None, [_no_tick(line) for line in before], [_no_tick(line) for line in there], False
    )
    for start, other, size in matcher.get_matching_blocks():
        for offset in range(size):
            was, line = before[start + offset], there[other + offset]
            if was != line:
                ticks[start + offset] = _BOX.sub(r"\g<tick>", line)
                result[other + offset] = was
    return result, ticks


def _no_tick(line: str) -> str:
    return _BOX.sub(r"\g<head> \g<tail>", line)


def _ticked(lines: Sequence[str], ticks: dict[int, str], first: int) -> list[str]:
    """These lines of the base, with what hands ticked. ``first`` is the number of the first of them."""
    return [
        _BOX.sub(rf"\g<head>{ticks[number]}\g<tail>", line) if number in ticks else line
        for number, line in enumerate(lines, start=first)
    ]


def _changes(before: Sequence[str], after: Sequence[str]) -> list[Span]:
    codes = SequenceMatcher(None, before, after, False).get_opcodes()
    return [(i1, i2, j1, j2) for tag, i1, i2, j1, j2 in codes if tag != "equal"]


def _clusters(ours: Sequence[Span], theirs: Sequence[Span]) -> Iterator[_Cluster]:
    """Changes in the order of the base; those of both sides that touch the same lines are together."""
    tagged = sorted(
        [(span, True) for span in ours] + [(span, False) for span in theirs],
        key=lambda each: (each[0][0], each[0][1]),
    )
    cluster: _Cluster | None = None
    for span, is_ours in tagged:
        start, end = span[0], span[1]
        if cluster is not None and _overlaps(cluster, start, end):
            cluster.end = max(cluster.end, end)
        else:
            if cluster is not None:
                yield cluster
            cluster = _Cluster(start=start, end=end)
        (cluster.ours if is_ours else cluster.theirs).append(span)
    if cluster is not None:
        yield cluster


def _overlaps(cluster: _Cluster, start: int, end: int) -> bool:
    """Whether a change concerns lines of the cluster, or both insert at the same place."""
    if start == end and cluster.start == cluster.end:
        return start == cluster.start
    return start < cluster.end


def _resolved(
    cluster: _Cluster,
    before: Sequence[str],
    new: Sequence[str],
    there: Sequence[str],
    ticks: dict[int, str],
) -> list[str] | Conflict:
    start, end = cluster.start, cluster.end
    were = list(before[start:end])
    ours = _side(cluster, cluster.ours, before, new)
    theirs = _side(cluster, cluster.theirs, before, there)
    conflict = Conflict(ours="\n".join(ours), theirs="\n".join(theirs))
    result = ours
    if not cluster.ours:
        result = theirs
    elif cluster.theirs and ours != theirs:
        both = _extended(were, ours, theirs) or _line_by_line(were, ours, theirs)
        if both is None:
            return conflict
        result = both
    return _kept_ticks(result, were, ticks, start, conflict)


def _extended(were: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """The longer side, if both say the same for the lines of the base and only one of them says more."""
    short, long = sorted((ours, theirs), key=len)
    same = 0
    while same < len(short) and short[same] == long[same]:
        same += 1
    rest = len(short) - same
    is_within = rest == 0 or short[same:] == long[len(long) - rest :]
    return long if is_within and len(short) >= len(were) else None


def _line_by_line(were: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """Both sides' changes, if each line was changed by one of them."""
    if not len(were) == len(ours) == len(theirs):
        return None
    lines = list(zip(were, ours, theirs, strict=True))
    if any(was not in (our, their) and our != their for was, our, their in lines):
        return None
    return [their if our == was else our for was, our, their in lines]


def _kept_ticks(
    result: list[str], were: list[str], ticks: dict[int, str], start: int, conflict: Conflict
) -> list[str] | Conflict:
    """The lines with the ticks of the base's lines that they replace; a conflict where one has no line."""
    for number, tick in ticks.items():
        if not start <= number < start + len(were):
            continue
        was = were[number - start]
        same = [at for at, line in enumerate(result) if _no_tick(line) == _no_tick(was)]
        if not same and len(result) == len(were) and _is_reworded(was, result[number - start]):
            same = [number - start]
        if not same or not _BOX.match(result[same[0]]):
            ticked = "\n".join(_ticked(were, ticks, start))
            return replace(conflict, theirs=ticked)
        result[same[0]] = _BOX.sub(rf"\g<head>{tick}\g<tail>", result[same[0]])
    return result


def _is_reworded(was: str, line: str) -> bool:
    """Whether a box has other words for the same thing, rather than another thing."""
    old, new = (_BOX.sub(r"\g<tail>", each) for each in (was, line))
    return SequenceMatcher(None, old.lower(), new.lower(), False).ratio() > LIKENESS


def _side(
    cluster: _Cluster, spans: Sequence[Span], before: Sequence[str], after: Sequence[str]
) -> list[str]:
    """One side's lines for the cluster's part of the base."""
    lines: list[str] = []
    at = cluster.start
    for start, end, other, other_end in spans:
        lines += [*before[at:start], *after[other:other_end]]
        at = end
    return [*lines, *before[at : cluster.end]]
