"""The table of checks: each has a sentence, whether it holds, and evidence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.drill.play import Player
from sandbox.drill.seen import Filed, Seen, links_in
from sandbox.drill.story import Expected, Story
from sandbox.github_keep import PracticeIssue

INCIDENT, ITEM = "incident", "incident-action-item"
"""The labels of the two kinds of issues."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the table."""

    name: str
    passed: bool
    saw: str


Judgement = tuple[bool, str]
Judge = Callable[[Story, Seen], Judgement]


def _sight(expected: Expected) -> Judge:
    """Each set of the sight is as expected, and each health page says what it has to."""

    def judge(story: Story, seen: Seen) -> Judgement:
        sight = seen.sights[expected.sight]
        people = {
            "all": set(story.students),
            "none": set(),
            "stuck": set(story.stuck),
            "the others": set(story.students) - set(story.stuck),
        }
        holds = all(
            getattr(sight, name) == (people[wanted] if isinstance(wanted, str) else wanted)
            for name, wanted in expected.who.items()
        )
        return holds, str(sight)

    return judge


def _pods_kept(story: Story, seen: Seen) -> Judgement:
    before, end = seen.sights["before"], seen.sights["end"]
    everyone = set(story.students)
    kept = {u for u in everyone if u in before.pods and before.pods[u] == end.pods.get(u)}
    saw = f"{len(kept)} students kept their pod, {len(everyone - kept)} have another"
    return kept == everyone - set(story.stuck), saw


def _one_channel(story: Story, seen: Seen) -> Judgement:
    saw = f"{', '.join(seen.channels)}; {seen.cards} card, {seen.announcements} announcement"
    return seen.channels == [story.channel] and seen.cards == seen.announcements == 1, saw


def _messages_once(_story: Story, seen: Seen) -> Judgement:
    kept = [message.ts for message in seen.stored if not message.deleted]
    missing = [seen.said[ts] for ts in seen.said if ts not in kept]
    saw = f"{len(seen.said)} in Slack, {len(kept)} in the database; missing: {missing or 'none'}"
    return bool(kept) and sorted(kept) == sorted(seen.said), saw


def _words_kept(story: Story, seen: Seen) -> Judgement:
    stored = {message.ts: message for message in seen.stored}
    differ = [seen.said[ts] for ts in seen.typed if stored[ts].text != seen.said[ts]]
    if story.said is None:
        return (
            not differ,
            f"{len(seen.typed)} messages of people's; other words: {differ or 'none'}",
        )
    edited, taken = (stored[seen.named[name]] for name in story.said)
    well = not differ and len(edited.before) == 1 and taken.deleted
    saw = f"{len(seen.typed)} messages of people's, {len(edited.before)} edit, "
    return well, saw + f"{int(taken.deleted)} deletion; other words: {differ or 'none'}"


def _reminded(story: Story, seen: Seen) -> Judgement:
    wanted = sum(step.action is Player.remind for step in story.steps)
    late = [text for text in seen.reminders if "late" in text]
    saw = f"{len(seen.reminders)} reminders for {wanted} that came due, {len(late)} of them late"
    return len(seen.reminders) == wanted and not late, saw


def _titled(story: Story, seen: Seen) -> Judgement:
    found = story.first in seen.report.splitlines()
    return found, story.first if found else seen.report.partition("\n")[0] or "no report"


def _times(story: Story, seen: Seen) -> Judgement:
    headings = re.findall(r"^### (\d\d:\d\d(?::\d\d)?)(?: #+)?$", seen.report, re.MULTILINE)
    absent = [time for time in story.times if time not in headings]
    ordered = headings == sorted(headings)
    zone = re.search(r"^All times in .*$", seen.report, re.MULTILINE)
    said = zone[0] if zone else "no zone"
    saw = f"{said}; {', '.join(headings)}" + (f"; absent: {', '.join(absent)}" if absent else "")
    return not absent and ordered and said.startswith("All times in PST"), saw


def _items(story: Story, seen: Seen) -> Judgement:
    actions = seen.report.partition("## Action items")[2]
    under = dict(
        zip(story.groups, re.split(r"^### .*$", actions, flags=re.MULTILINE)[1:], strict=True)
    )
    headings = re.findall(r"^### (.*?)(?: #+)?$", actions, re.MULTILINE)
    live = 0
    for item in story.items:
        known = item.link or item.text
        line = next((line for line in under[item.group].splitlines() if known in line), "")
        links = links_in(line)
        live += item.link in links if item.link else any(url in seen.pages for url in links)
    saw = (
        f"{len(story.items)} items under {', '.join(headings)}; {live} tracked already, or with a link "
        "that answers 200"
    )
    return headings == list(story.groups) and live == len(story.items), saw


def _linked(story: Story, seen: Seen) -> Judgement:
    incident, items = _issues(seen.published[-1])
    down = sum(item.url in incident.body for item in items)
    up = sum(incident.url in item.body for item in items)
    named = sum(known.link in incident.body for known in story.items)
    saw = (
        f"1 issue for the incident, {len(items)} for its items; it links to {down} of them, {up} "
        f"link back; it names where {named} of {len(story.items)} were tracked before"
    )
    is_linked = len(items) == down == up == len(story.untracked)
    return is_linked and named == len(story.items), saw


def _published_once(story: Story, seen: Seen) -> Judgement:
    before, after = seen.published
    saw = (
        f"{len(before.issues)} issues and {len(before.reports)} report before, "
        f"{len(after.issues)} and {len(after.reports)} after, "
        f"{'the same, word for word' if before == after else 'which differ'}"
    )
    return before == after and len(after.issues) == len(story.untracked) + 1 and bool(
        seen.report
    ), saw


def _same_report(_story: Story, seen: Seen) -> Judgement:
    incident, _ = _issues(seen.published[-1])
    issue, file = _without_marks(incident.body), _without_marks(seen.report)
    return issue == file != "", f"{len(issue)} characters in the issue, {len(file)} in the folder"


def _issues(published: Filed) -> tuple[PracticeIssue, list[PracticeIssue]]:
    (incident,) = (issue for issue in published.issues if INCIDENT in issue.labels)
    return incident, [issue for issue in published.issues if ITEM in issue.labels]


def _without_marks(text: str) -> str:
    """The text as people read it; only a file has front matter."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).strip()


def checks(story: Story) -> dict[str, Judge]:
    """Each check of a story by name, in display order."""
    return {
        "the story was played to its end": lambda story, seen: (
            not seen.stopped,
            seen.stopped or f"all {len(story.steps)} steps",
        ),
        **{expected.check: _sight(expected) for expected in story.expected},
        "nobody's server was touched but the stuck ones": _pods_kept,
        "one channel, one card, one announcement": _one_channel,
        "every message is stored once": _messages_once,
        "as it was written, edited and deleted": _words_kept,
        "reminders that came due are there, once each": _reminded,
        "the report has its title": _titled,
        "every time of the published report is in the report": _times,
        "every action item has a live link": _items,
        "incident and action items are linked both ways": _linked,
        "publishing twice changes nothing": _published_once,
        "the folder has the report that GitHub has": _same_report,
        "mayday met no error": lambda _story, seen: (
            not seen.errors,
            "; ".join(seen.errors)[:500] or "no error in its log",
        ),
    }


def check(story: Story, seen: Seen) -> list[Check]:
    """Judge all; a check that cannot run because the story stopped early fails."""
    found = []
    for name, judge in checks(story).items():
        try:
            passed, saw = judge(story, seen)
        except (LookupError, ValueError) as exc:
            passed, saw = False, f"The story did not come so far ({exc})."
        found.append(Check(name=name, passed=passed, saw=saw))
    return found
