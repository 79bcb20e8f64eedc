"""The guard: replaces in all documents of a publication what they must not show.

A replacement is the same in every document and in every later publication. Where two findings overlap, the
heavier one replaces both, so that nothing of either is left.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bot.guard.addresses import addresses
from bot.guard.bare import bare
from bot.guard.people import people
from bot.guard.secrets import secrets
from bot.guard.spans import Finding, Guarded, Kind, Known, Replaced, Weight, key_of


def guard(texts: Mapping[str, str], known: Known) -> Guarded:
    """Return the texts, by their names, as they may be published, and what was replaced in them."""
    replaced: dict[str, Replaced] = {}
    places: defaultdict[str, Counter[str]] = defaultdict(Counter)
    numbers = _Numbers(known, texts.values())
    guarded: dict[str, str] = {}
    for name, text in texts.items():
        written = bare(text)
        findings = [
            *secrets(written.text),
            *addresses(written.text, known.public),
            *people(written.text, known),
        ]
        kept = []
        for finding in findings:
            key = key_of(finding.kind, finding.original)
            before = replaced.get(key) or known.replaced.get(key)
            if before and before.kept_by and finding.kind is not Kind.SECRET:
                replaced[key] = before
                places[key][name] += 1
                kept.append(finding)
        out: list[str] = []
        end = 0
        for finding in _apart(_left(findings, kept)):
            key = key_of(finding.kind, finding.original)
            shown = replaced.get(key) or known.replaced.get(key)
            if shown is None:
                shown = Replaced(key=key, kind=finding.kind, shown=numbers.next(finding.kind))
            replaced[key] = replace(shown, kept_by="")
            places[key][name] += 1
            first, last = written.place(finding.start, finding.end)
            out += [text[end:first], shown.shown]
            end = last
        guarded[name] = "".join([*out, text[end:]])
    return Guarded(texts=guarded, replaced=replaced, places=places)


def _left(findings: Iterable[Finding], kept: Iterable[Finding]) -> list[Finding]:
    """Return the findings without those that a person keeps, and without lesser ones inside of these."""
    kept = list(kept)
    return [
        finding
        for finding in findings
        if finding.kind is Kind.SECRET
        or not any(one.start <= finding.start and finding.end <= one.end for one in kept)
    ]


def _apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings in order, with those that overlap as one."""
    group: list[Finding] = []
    end = -1
    for finding in sorted(findings, key=lambda each: (each.start, -each.end)):
        if group and finding.start >= end:
            yield _joined(group, end)
            group = []
        group.append(finding)
        end = max(end, finding.end) if len(group) > 1 else finding.end
    if group:
        yield _joined(group, end)


def _joined(group: list[Finding], end: int) -> Finding:
    chief = max(group, key=lambda each: (Weight[each.kind.name], each.end - each.start))
    return Finding(start=group[0].start, end=end, kind=chief.kind, original=chief.original)


class _Numbers:
    """The next free number of each kind. Text that has ``student-3`` already gets another number."""

    def __init__(self, known: Known, texts: Iterable[str]) -> None:
        self._taken = {one.shown for one in known.replaced.values()} | known.served
        self._texts = list(texts)

    def next(self, kind: Kind) -> str:
        number = 1
        while (shown := f"{kind.word}-{number}") in self._taken or any(
            shown in text for text in self._texts
        ):
            number += 1
        self._taken.add(shown)
        return shown
