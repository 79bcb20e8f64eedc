"""What ended an outage and what caused it, as far as a published report says it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.reports.comments import without_comments
from bot.reports.report import ImportedReport, Section, SectionKind

LONGEST = 300
"""Characters of what ended an outage."""

_RESOLUTION = re.compile(
    r"^resolution\b|^how (?:it|this) was (?:fixed|resolved)|^fix$|^mitigation\b|^recovery\b", re.I
)
_CONCLUSION = re.compile(r"^conclusions?\b", re.I)
_BY = r"(?:fixed|resolved|solved|mitigated|restored|recovered) (?:by|after|with|when|once|through)"
_DONE = (
    r"rolled back|reverted|restarted|rebooted|drained|deleted|cordoned|uncordoned|upgraded|recreated"
    r"|increased|re-?deployed|forced delete|renewed|disabled|migrated|resized|grown"
)
_WELL = (
    r"fixed|resolve[sd]|restored|(?:back|returns?|returned) (?:up|online|to normal)|works? again"
    r"|working again|solved|mitigated|recovered|operational|works"
)
_SAYS = tuple(re.compile(rf"\b(?:{words})\b", re.I) for words in (_BY, _DONE, _WELL))
"""What a sentence about the end says, the most telling first: how, what was done, that all is well."""

_NOT = re.compile(r"\b(?:not|no|never|fail\w*|unable|need\w*|cannot|could|should)\b|n['’]t\b", re.I)
"""What makes such a sentence one about something else."""
_LAST = 4
"""Entries of the timeline that can say what ended the outage."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`*\[])")
_MARKUP = re.compile(
    r"!?\[([^\]]*)\]\([^()\s]*(?:\([^()\s]*\))?[^()\s]*\)|[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}"
)
_BULLET = re.compile(r"^\s*(?:>\s?)*(?:[-*+]|\d{1,3}[.)])?\s*(?:\[[ xX]\]\s*)?")
_URL = re.compile(r"https?://\S+", re.I)
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_CAUSES = {
    "proxy": r"prox(?:y|ies)|chp|routes?|routing",
    "nodes": r"nodes?|kubelet|docker|cordon\w*|reboot\w*",
    "storage": r"disks?|volumes?|pvcs?|pv|nfs|mount\w*|inodes?|filestore|home director\w+",
    "image": r"images?|packages?|dependenc\w+|kernels?|conda|pip|repo2docker",
    "certificate": r"certificates?|certs?|tls|ssl|https|letsencrypt|lego",
    "network": r"ip|ips|dns|subnets?|network\w*|ipv6|ingress|nginx",
    "capacity": r"autoscal\w+|scal(?:e|ed|ing)|quotas?|capacity|placeholders?",
    "memory": r"memory|oom\w*|ram|heap",
    "database": r"database|sqlite|postgres\w*|db",
    "login": r"login|logins|oauth|auth\w*|cilogon|canvas|token|tokens",
    "deploy": r"helm|charts?|deploy\w*|upgrad\w+|config\w*|merg(?:e|ed)|rollback",
    "provider": r"azure|api server|provider|subscription|billing|account",
}
_CAUSE = {name: re.compile(rf"\b(?:{words})\b", re.I) for name, words in _CAUSES.items()}


def ended(report: ImportedReport) -> str:
    """Return what ended the outage in a sentence or two; empty if the report does not say it.

    It is the resolution or else the sentence that says most of the end, in the conclusion, the summary or the
    timeline from its end.
    """
    if text := _section(report, _RESOLUTION):
        return _first(text)
    conclusion = _section(report, _CONCLUSION)
    places = [conclusion, _plain(report.summary)]
    places += [_plain(entry.text) for entry in report.timeline[: -_LAST - 1 : -1]]
    for says in _SAYS:
        for place in places:
            if said := [one for one in _SENTENCE.split(place) if _says(one, says)]:
                return _cut(said[-1])
    return _first(conclusion or next(iter(places[2:]), ""))


def _says(sentence: str, what: re.Pattern[str]) -> bool:
    return bool(what.search(sentence)) and not _NOT.search(sentence)


def _section(report: ImportedReport, name: re.Pattern[str]) -> str:
    found = (_plain(each.text) for each in report.sections if name.search(each.title))
    return next(filter(None, found), "")


def story(report: ImportedReport) -> str:
    """Return what a report says besides its title and summary, without front matter and checklists."""
    return "\n".join(section.text for section in _others(report))


def causes(report: ImportedReport) -> tuple[str, ...]:
    """Return what a report is about, the most mentioned first, judged by its story alone."""
    text = _URL.sub(" ", story(report))
    found = Counter({name: len(pattern.findall(text)) for name, pattern in _CAUSE.items()})
    return tuple(name for name, count in found.most_common() if count)


def _others(report: ImportedReport) -> Iterator[Section]:
    left_out = {SectionKind.FRONT_MATTER, SectionKind.CHECKLIST, SectionKind.SUMMARY}
    return (
        section
        for section in report.sections
        if section.kind not in left_out and section.text.strip() != report.summary.strip()
    )


def _plain(text: str) -> str:
    """Return a text without Markdown, placeholders, quotations and code, on one line."""
    lines = without_comments(_PLACEHOLDER.sub("", text).split("\n"))
    shown, is_code = [], False
    for line in lines:
        if line.lstrip().startswith(("```", "~~~")):
            is_code = not is_code
        elif not is_code and not line.lstrip().startswith(("|", ">")):
            shown.append(_MARKUP.sub(r"\1", _BULLET.sub("", line, count=1)))
    return " ".join(" ".join(shown).split())


def _first(text: str) -> str:
    sentences = _SENTENCE.split(text)
    return _cut(" ".join(sentences[:2]))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
