"""The table of checks: each has a sentence, whether it holds, and evidence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.drill.play import Player
from sandbox.drill.script import (
    CHANNEL,
    GROUPS,
    ITEMS,
    REPORT_DATE,
    REPORT_TITLE,
    STORY,
    STUCK,
    STUDENTS,
    TIMES,
)
from sandbox.drill.seen import Filed, Seen, Sight, links_in
from sandbox.github_keep import PracticeIssue

ALL, STAYED = set(STUDENTS), set(STUDENTS) - set(STUCK)
INCIDENT, ITEM = "incident", "incident-action-item"
"""The labels of the two kinds of issues."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the table."""

    name: str
    passed: bool
    saw: str


Judgement = tuple[bool, str]
Judge = Callable[[Seen], Judgement]


def _sight(name: str, holds: Callable[[Sight], bool]) -> Judge:
    return lambda seen: (holds(seen.sights[name]), str(seen.sights[name]))


def _cleared(seen: Seen) -> Judgement:
    before, after = seen.sights["resynced"], seen.sights["cleared"]
    saw = f"{len(before.stuck)} stuck before, {len(after.stuck)} after"
    return before.stuck == set(STUCK) and not after.stuck and after.working == STAYED, saw


def _pods_kept(seen: Seen) -> Judgement:
    before, end = seen.sights["before"], seen.sights["end"]
    kept = {user for user in ALL if user in before.pods and before.pods[user] == end.pods.get(user)}
    return kept == STAYED, f"{len(kept)} students kept their pod, {len(ALL - kept)} have another"


def _one_channel(seen: Seen) -> Judgement:
    saw = f"{', '.join(seen.channels)}; {seen.cards} card, {seen.announcements} announcement"
    return seen.channels == [CHANNEL] and seen.cards == seen.announcements == 1, saw


def _messages_once(seen: Seen) -> Judgement:
    kept = [message.ts for message in seen.stored if not message.deleted]
    missing = [seen.said[ts] for ts in seen.said if ts not in kept]
    saw = f"{len(seen.said)} in Slack, {len(kept)} in the database; missing: {missing or 'none'}"
    return bool(kept) and sorted(kept) == sorted(seen.said), saw


def _words_kept(seen: Seen) -> Judgement:
    stored = {message.ts: message for message in seen.stored}
    differ = [seen.said[ts] for ts in seen.typed if stored[ts].text != seen.said[ts]]
    edited, taken = stored[seen.named["health"]], stored[seen.named["slip"]]
    well = not differ and len(edited.before) == 1 and taken.deleted
    saw = f"{len(seen.typed)} messages of people's, {len(edited.before)} edit, "
    return well, saw + f"{int(taken.deleted)} deletion; other words: {differ or 'none'}"


def _reminded(seen: Seen) -> Judgement:
    wanted = sum(step.action is Player.remind for step in STORY)
    late = [text for text in seen.reminders if "late" in text]
    saw = f"{len(seen.reminders)} reminders for {wanted} that came due, {len(late)} of them late"
    return len(seen.reminders) == wanted and not late, saw


def _dated(seen: Seen) -> Judgement:
    first = seen.report.partition("\n")[0]
    return first == f"# {REPORT_DATE} - {REPORT_TITLE}", first or "no report"


def _times(seen: Seen) -> Judgement:
    headings = re.findall(r"^### (\d\d:\d\d(?::\d\d)?)$", seen.report, re.MULTILINE)
    absent = [time for time in TIMES if time not in headings]
    ordered = headings == sorted(headings)
    zone = re.search(r"^All times in .*$", seen.report, re.MULTILINE)
    said = zone[0] if zone else "no zone"
    saw = f"{said}; {', '.join(headings)}" + (f"; absent: {', '.join(absent)}" if absent else "")
    return not absent and ordered and said.startswith("All times in PST"), saw


def _items(seen: Seen) -> Judgement:
    actions = seen.report.partition("## Action items")[2]
    under = dict(zip(GROUPS, re.split(r"^### .*$", actions, flags=re.MULTILINE)[1:], strict=True))
    headings = re.findall(r"^### (.*)$", actions, re.MULTILINE)
    live = 0
    for item in ITEMS:
        line = next(line for line in under[item.group].splitlines() if item.link in line)
        live += any(url in seen.pages for url in links_in(line) if url != item.link)
    saw = f"{len(ITEMS)} items under {', '.join(headings)}; {live} with a link that answers 200"
    return headings == list(GROUPS) and live == len(ITEMS), saw


def _linked(seen: Seen) -> Judgement:
    incident, items = _issues(seen.published[-1])
    down = sum(item.url in incident.body for item in items)
    up = sum(incident.url in item.body for item in items)
    named = sum(any(known.link in item.body for item in items) for known in ITEMS)
    saw = (
        f"1 issue for the incident, {len(items)} for its items; it links to {down} of them, {up} "
        f"link back, {named} of {len(ITEMS)} name the issue of 2017"
    )
    return len(items) == down == up == named == len(ITEMS), saw


def _published_once(seen: Seen) -> Judgement:
    before, after = seen.published
    saw = (
        f"{len(before.issues)} issues and {len(before.reports)} report before, "
        f"{len(after.issues)} and {len(after.reports)} after, "
        f"{'the same, word for word' if before == after else 'which differ'}"
    )
    return before == after and len(after.issues) == len(ITEMS) + 1 and bool(seen.report), saw


def _same_report(seen: Seen) -> Judgement:
    incident, _ = _issues(seen.published[-1])
    issue, file = _without_marks(incident.body), _without_marks(seen.report)
    return issue == file != "", f"{len(issue)} characters in the issue, {len(file)} in the folder"


def _issues(published: Filed) -> tuple[PracticeIssue, list[PracticeIssue]]:
    (incident,) = (issue for issue in published.issues if INCIDENT in issue.labels)
    return incident, [issue for issue in published.issues if ITEM in issue.labels]


def _without_marks(text: str) -> str:
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).strip()


CHECKS: dict[str, Judge] = {
    "the story was played to its end": lambda seen: (
        not seen.stopped,
        seen.stopped or f"all {len(STORY)} steps",
    ),
    "before: every student works": _sight(
        "before", lambda sight: sight.ready == sight.routed == sight.working == ALL
    ),
    "the proxy is evicted: no route, nobody works": _sight(
        "outage", lambda sight: not sight.routed and not sight.working and sight.ready == STAYED
    ),
    "both health pages say 200 all the same": _sight(
        "outage", lambda sight: sight.hub_well and sight.proxy_well and not sight.routed
    ),
    "resync-routes: every ready server has its route again": _sight(
        "resynced",
        lambda sight: STAYED == sight.routed == sight.working and sight.stuck == set(STUCK),
    ),
    "force-delete-stuck-servers: none is stuck any more": _cleared,
    "after: every student works": _sight(
        "end", lambda sight: sight.ready == sight.routed == sight.working == ALL
    ),
    "nobody's server was touched but the stuck ones": _pods_kept,
    "one channel, one card, one announcement": _one_channel,
    "every message is stored once": _messages_once,
    "as it was written, edited and deleted": _words_kept,
    "reminders that came due are there, once each": _reminded,
    "the report has its title and its date": _dated,
    "every time of 2017 is in the report": _times,
    "every action item has a live link": _items,
    "incident and action items are linked both ways": _linked,
    "publishing twice changes nothing": _published_once,
    "the folder has the report that GitHub has": _same_report,
    "mayday met no error": lambda seen: (
        not seen.errors,
        "; ".join(seen.errors)[:500] or "no error in its log",
    ),
}
"""Each check by name, in display order."""


def check(seen: Seen) -> list[Check]:
    """Judge all; a check that cannot run because the story stopped early fails."""
    found = []
    for name, judge in CHECKS.items():
        try:
            passed, saw = judge(seen)
        except (LookupError, ValueError) as exc:
            passed, saw = False, f"The story did not come so far ({exc})."
        found.append(Check(name=name, passed=passed, saw=saw))
    return found
