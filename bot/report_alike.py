"""``mayday report similar``: finds the stored reports that are like a text, or says how well that works.

How well it works is measured by leaving each report out in turn and asking with its title and summary. No
person has judged which reports are alike, so two measures that need nobody are printed:

- Which of the others are found first, and how often they are about the same as the one left out, by the most
  frequent subject in the *rest* of each text, which is not part of the question. Beside it is what chance
  would give.
- Whether the question finds the rest of its own report among the rests of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from bot.clock import real_time
from bot.config import Config
from bot.database import current
from bot.domain.search import ENOUGH, Candidate, alike, asked, indexed
from bot.errors import UserError
from bot.report_files import printable
from bot.reports import ImportedReport, causes, ended, story
from bot.services.library import Library

TOO_FEW = "Two reports are needed, and {count} are stored. Store some with mayday import --store."
NOTHING = "No stored report is enough like that."
SHOWN = 3
_QUESTION = "{title}  [{subject}]"
_NEIGHBOUR = "    {score:.2f}{mark} {title}  [{subject}]"
_SUMMARY = (
    "{count} reports, each left out in turn; the question is its title and summary.",
    "Of the {shown} most alike, {share:.0%} have the same main subject (chance: {chance:.0%}); {hit:.0%} of "
    "the questions have one among them (chance: {luck:.0%}).",
    "{enough} of {pairs} would be shown at a declaration (likeness of {limit} or more); {right:.0%} of these "
    "have the same main subject.",
    "The rest of the own report is found first for {first:.0%} of the questions; its mean reciprocal rank is "
    "{mrr:.2f}.",
)


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A report that is like the one that was left out."""

    score: float
    report: ImportedReport


@dataclass(frozen=True, kw_only=True)
class Left:
    """A report that was left out: its neighbours, and the place of its own rest among all rests."""

    report: ImportedReport
    neighbours: tuple[Neighbour, ...]
    rank: int


def similar(config: Config, text: str, out: Console) -> None:
    """Print the stored reports that are like a text, with what ended them."""
    reports = _stored(config)
    found = [each for each in _neighbours(text, reports) if each.score >= ENOUGH][:SHOWN]
    if not found:
        _say(out, NOTHING)
    for each in found:
        _say(out, f"{each.score:.2f} {each.report.date or ''} {each.report.title}")
        if said := ended(each.report):
            _say(out, f"    {said}")


def leave_one_out(config: Config, out: Console) -> None:
    """Print what is found for each stored report, and how good that is.

    Raises:
        UserError: there are fewer than two.
    """
    reports = _stored(config)
    if len(reports) < 2:
        raise UserError(TOO_FEW.format(count=len(reports)))
    left = measured(reports)
    for each in left:
        _say(out, _QUESTION.format(title=each.report.title, subject=subject(each.report)))
        for neighbour in each.neighbours:
            mark = "*" if subject(neighbour.report) == subject(each.report) else " "
            _say(
                out,
                _NEIGHBOUR.format(
                    score=neighbour.score,
                    mark=mark,
                    title=neighbour.report.title,
                    subject=subject(neighbour.report),
                ),
            )
    _say(out, summary(left))


def measured(reports: Sequence[ImportedReport]) -> list[Left]:
    """Return what is found when each of the reports is left out."""
    found = []
    for index, report in enumerate(reports):
        others = [*reports[:index], *reports[index + 1 :]]
        question = f"{report.title} {report.summary}"
        rests = [
            Candidate(key=str(number), title="", text=indexed(story(each)))
            for number, each in enumerate(reports)
        ]
        ranked = [key for _score, key in alike(asked(question), rests, total=len(rests))]
        own = str(index)
        rank = ranked.index(own) + 1 if own in ranked else len(reports)
        neighbours = tuple(_neighbours(question, others)[:SHOWN])
        found.append(Left(report=report, neighbours=neighbours, rank=rank))
    return found


def summary(left: Sequence[Left]) -> str:
    """Return the measures in words."""
    subjects = [subject(each.report) for each in left]
    same = [
        [subject(one.report) == subject(each.report) for one in each.neighbours] for each in left
    ]
    shown = [
        subject(one.report) == subject(each.report)
        for each in left
        for one in each.neighbours
        if one.score >= ENOUGH
    ]
    pairs = sum(map(len, same))
    chances = [(subjects.count(each) - 1) / (len(left) - 1) for each in subjects]
    return "\n".join(_SUMMARY).format(
        count=len(left),
        shown=SHOWN,
        share=sum(map(sum, same)) / max(pairs, 1),
        chance=_mean(chances),
        hit=_mean([any(each) for each in same]),
        luck=_mean([1 - (1 - chance) ** SHOWN for chance in chances]),
        enough=len(shown),
        pairs=pairs,
        limit=ENOUGH,
        right=_mean(shown),
        first=_mean([each.rank == 1 for each in left]),
        mrr=_mean([1 / each.rank for each in left]),
    )


def subject(report: ImportedReport) -> str:
    """Return what the rest of a report is mostly about."""
    return next(iter(causes(report)), "unknown")


def _neighbours(text: str, reports: Sequence[ImportedReport]) -> list[Neighbour]:
    candidates = [
        Candidate(
            key=str(number),
            title=indexed(each.title),
            text=indexed(f"{each.summary}\n{story(each)}"),
        )
        for number, each in enumerate(reports)
    ]
    ranked = alike(asked(text), candidates, total=len(candidates))
    return [Neighbour(score=score, report=reports[int(key)]) for score, key in ranked]


def _stored(config: Config) -> list[ImportedReport]:
    with current(config) as database:
        return Library(database, real_time).reports()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _say(out: Console, text: str) -> None:
    for line in text.split("\n"):
        out.print(Text(printable(line)), soft_wrap=True)
