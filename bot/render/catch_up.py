"""An incident for a person who comes late: its state, what was tried, and what is open.

It is one message wherever it is shown, with a button for the timeline, which has the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from bot.domain.catch_up import CatchUp, TriedRun
from bot.domain.command import COMMAND
from bot.domain.incident import CLOSED, Incident
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind, Line
from bot.ports import Post
from bot.render import blocks as b
from bot.render import card, items
from bot.render.lines import app_name, quiet, words
from bot.render.reader_buttons import subscribe_button, unsubscribe_button
from bot.render.text import code, cut, escape, escaped, hub_link, shortened, when

SUMMARY = 800
TEXT, ITEM, HUBS = 220, 400, 500
"""Characters of the summary, of each entry and action item, and of the hubs together. Slack refuses a message
with more than about 10,000 in its blocks."""
HUB = 80
"""Characters of the name of a run's hub."""
SHOWN_NEWS, SHOWN = 4, 3
"""How many updates are shown, and how many of each other kind."""

_OUTCOMES = {
    RunState.RUNNING: "⏳ is running",
    RunState.DONE: "✅ done and verified",
    RunState.NOTHING_TO_DO: "nothing was left to do",
    RunState.FAILED: "❌ failed",
    RunState.NEEDS_HUMAN: "❓ somebody has to check it",
}


def catch_up(found: CatchUp, *, today: date, said: str = "", is_subscribed: bool = False) -> Post:
    """Return the message. ``today`` is in the team's zone; ``said`` follows it, already escaped.

    ``is_subscribed`` says whether the person who sees it is.
    """
    incident = found.incident
    shown = [b.section(_head(found))]
    if incident.summary:
        shown.append(b.section(f"*Summary*\n{escaped(incident.summary, SUMMARY)}"))
    parts = (
        ("Latest updates", [_news(line) for line in found.news[-SHOWN_NEWS:]], "no update yet"),
        ("Who does what", _roles(found), ""),
        ("What was tried", [_tried(run) for run in found.runs[-SHOWN:]], ""),
        ("What was found", _lines(found.findings), ""),
        ("Open", _open(found, today), ""),
    )
    for heading, lines, nothing in parts:
        if lines or nothing:
            listed = "\n".join(f"• {line}" for line in lines) or f"_{nothing}_"
            shown.append(b.section(f"*{heading}*\n{listed}"))
    shown.append(b.context(*_foot(found), *([said] if said else [])))
    timeline = b.button("Timeline", action=card.ACTION_TIMELINE, value=incident.id)
    buttons = [timeline]
    if is_subscribed:
        buttons.append(unsubscribe_button(incident.id))
    elif incident.status != CLOSED:
        buttons.append(subscribe_button(incident.id))
    shown.append(b.actions(*buttons))
    text = f"{escape(incident.title)}: {incident.status}, {incident.severity}"
    text += f". {said}" if said else ""
    return Post(text=text, blocks=tuple(shown))


def _head(found: CatchUp) -> str:
    incident = found.incident
    hubs = ", ".join(hub_link(name, url) for name, url in found.hubs.items())
    state = [f"*{incident.status}*", incident.severity, shortened(hubs, HUBS)]
    return "\n".join(
        [
            f"{card.sign(incident)} *{escape(incident.title)}*",
            " · ".join(part for part in state if part),
            f"declared {when(incident.declared_at)} by <@{incident.declared_by}>{_ended(incident)}",
        ]
    )


def _ended(incident: Incident) -> str:
    resolved = f" · resolved {when(incident.resolved_at)}" if incident.resolved_at else ""
    return resolved + (f" · closed {when(incident.closed_at)}" if incident.closed_at else "")


def _news(line: Line) -> str:
    entry = line.entry
    if entry.kind is EntryKind.UPDATE:
        return f"{when(entry.at)} <@{entry.author}>: {_short(line.text)}"
    return f"{when(entry.at)} {_short(words(line))}"


def _roles(found: CatchUp) -> list[str]:
    """Who has the roles, and which nobody has while the incident is open."""
    taken = found.incident.roles
    held = [f"{escape(role)}: <@{taken[role]}>" for role in found.roles if role in taken]
    if found.provisional:
        held.insert(0, f"{escape(found.lead)}: <@{found.provisional}> until somebody takes over")
        taken = {**taken, found.lead: found.provisional}
    free = [escape(role) for role in found.roles if role not in taken]
    if free and found.incident.is_open:
        held.append(f"nobody yet: {', '.join(free)}")
    return held


def _tried(run: TriedRun) -> str:
    error = f": {escaped(' '.join(run.error.split()), TEXT)}" if run.error else ""
    return (
        f"{when(run.at)} `{run.runbook}` on {escaped(run.hub, HUB)}, by <@{run.by}>: "
        f"{_OUTCOMES[run.state]}{error}"
    )


def _lines(lines: Sequence[Line]) -> list[str]:
    return [f"{when(line.entry.at)} {_said(line)}" for line in lines[-SHOWN:]]


def _said(line: Line) -> str:
    by = f"_{escape(cut(name, 80))}:_ " if (name := app_name(line)) else ""
    return by + _short(words(line))


def _open(found: CatchUp, today: date) -> list[str]:
    """What waits for somebody: plans, questions and action items."""
    plans = [
        f"the plan `{run.runbook}` on {escaped(run.hub, HUB)}, asked for by <@{run.by}>, waits for a decision"
        for run in found.waiting[-SHOWN:]
    ]
    asked = [_said(line) for line in found.questions]
    todo = [shortened(items.line(item, today), ITEM) for item in found.items[: SHOWN + 1]]
    return [
        *plans,
        *_some(asked, SHOWN, lambda more: f"{more} more questions"),
        *_some(
            todo,
            SHOWN,
            lambda _more: f"{len(found.items) - SHOWN} more: `{COMMAND} actions` lists them",
        ),
    ]


def _some(lines: Sequence[str], most: int, rest: Callable[[int], str]) -> Iterable[str]:
    """The first lines, and a sentence about the others."""
    yield from lines[:most]
    if len(lines) > most:
        yield rest(len(lines) - most)


def _foot(found: CatchUp) -> list[str]:
    incident = found.incident
    due = f"next update due {when(found.due_at)}" if found.due_at else ""
    where = f"<#{incident.channel_id}>" if incident.channel_id else ""
    report = ""
    if found.report_url:
        url = found.report_url
        report = "report: " + (f"<{url}>" if url.startswith("http") else f"`{code(url, 250)}`")
    elif incident.status == CLOSED:
        report = "the report is not published yet"
    return [part for part in (due, where, report) if part] or [f"`{COMMAND} help`"]


def _short(text: str) -> str:
    """An entry's text on one line."""
    return quiet(shortened(" ".join(text.split()), TEXT))
