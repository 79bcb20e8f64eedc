"""The messages mayday posts as things happen: changes, updates, reminders, what did not work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.incident import Incident
from bot.domain.reminders import lateness
from bot.domain.slack_message import typed, unescape
from bot.domain.timeline import Entry, EntryKind
from bot.ports import Post
from bot.render import blocks as b
from bot.render.card import ACTION_CLOSE, ACTION_RETRY, ACTION_SNOOZE, ACTION_UPDATE
from bot.render.text import cut, escape, when

POSTED_KINDS = frozenset(
    {
        EntryKind.STATUS,
        EntryKind.SEVERITY,
        EntryKind.ROLE,
        EntryKind.UPDATE,
        EntryKind.RESOLVED,
        EntryKind.REOPENED,
        EntryKind.CLOSED,
        EntryKind.ACTION_ITEM,
        EntryKind.PUBLISHED,
    }
)
"""The kinds of entry that the channel is told about."""


_NEWS_SIGNS = {EntryKind.RESOLVED: "✅", EntryKind.REOPENED: "🚨"}


def is_news(entry: Entry) -> bool:
    """Whether people outside the channel are told of it: updates, and the incident's turns."""
    if entry.kind is EntryKind.STATUS:
        return bool(entry.data.get("text"))
    return entry.kind is EntryKind.UPDATE or entry.kind in _NEWS_SIGNS


def _quote(data: Mapping[str, Any]) -> str:
    text = str(data.get("text") or "")
    # Kept as Slack escapes it, or plain from a form's title: either way it is escaped once here.
    quoted = "\n".join(f">{typed(unescape(line))}" for line in cut(text, 2500).splitlines())
    return f"\n{quoted}" if quoted else ""


def entry_post(entry: Entry) -> Post:
    """What the channel is told of a timeline entry."""
    who = f"<@{entry.author}>" if entry.author else "mayday"
    data = entry.data
    match entry.kind:
        case EntryKind.STATUS:
            text = f"🔄 Status is *{data['to']}* now (was {data['from']}), by {who}.{_quote(data)}"
        case EntryKind.RESOLVED:
            text = (
                f"✅ *Resolved* by {who}.{_quote(data)}\n"
                "When it is quiet, `/incident close` asks what the report still needs and files it."
            )
        case EntryKind.SEVERITY:
            text = f"📶 Severity is *{data['to']}* now (was {data['from']}), by {who}."
        case EntryKind.ROLE:
            before = data.get("before")
            took_over = f", after <@{before}>" if before else ""
            given = "" if data["user"] == entry.author else f", given by {who}"
            text = f"🧑‍🚒 <@{data['user']}> is *{data['role']}* now{took_over}{given}."
        case EntryKind.UPDATE:
            text = f"📣 *Update* by {who}:{_quote(data)}"
        case EntryKind.REOPENED:
            text = f"🚨 *Reopened* by {who}; status is {data['to']}."
        case EntryKind.CLOSED:
            text = f"📁 *Closed* by {who}. The report is on its way."
        case EntryKind.ACTION_ITEM:
            owner = f", for <@{data['owner']}>" if data.get("owner") else ""
            link = f"\n>{escape(str(data['link']))}" if data.get("link") else ""
            text = (
                f"🔧 Action item by {who}{owner}, under _{escape(str(data.get('group', '')))}_:"
                f"{_quote(data)}{link}"
            )
        case EntryKind.PUBLISHED:
            text = f"📄 The report is published: {_links(data)}"
        case _:
            text = f"{entry.kind.value} by {who}"
    shown: tuple[b.Block, ...] = (b.section(text),)
    if entry.kind is EntryKind.RESOLVED:
        shown += (b.actions(b.button("Close and report", action=ACTION_CLOSE)),)
    return Post(text=text, blocks=shown)


def _links(data: Mapping[str, Any]) -> str:
    places = list(dict.fromkeys(str(data[key]) for key in ("url", "path") if data.get(key)))
    return ", ".join(f"<{p}>" if p.startswith("http") else f"`{escape(p)}`" for p in places)


def stakeholder_update(incident: Incident, entry: Entry) -> Post:
    """News as the announcement's thread shows it; see :func:`is_news`."""
    status = entry.data["status"] if entry.kind is EntryKind.UPDATE else entry.data["to"]
    mark = _NEWS_SIGNS.get(entry.kind, "📣")
    text = f"{mark} *{escape(incident.title)}* · {status}{_quote(entry.data)}"
    return Post(text=text, blocks=(b.section(text),))


def reminder(incident: Incident, *, due_at: datetime, now: datetime) -> Post:
    """Ask for a status update; says so when it comes late."""
    whom = incident.roles.get("communications") or incident.roles.get("commander")
    addressed = f"<@{whom}>, it" if whom else "It"
    late = lateness(due_at, now)
    text = f"⏰ {addressed} is time to tell people how things stand."
    if late is not None:
        minutes = int(late.total_seconds() // 60)
        text += f" _This reminder is {minutes} min late: it was due {when(due_at)}._"
    return Post(
        text=text,
        blocks=(
            b.section(text),
            b.actions(
                b.button("Post an update", action=ACTION_UPDATE, style="primary"),
                b.button("Snooze 15 min", action=ACTION_SNOOZE, value="15"),
            ),
        ),
    )


def notice(problems: Sequence[str], *, incident: Incident) -> Post:
    """What mayday could not do, told to the person, with a button to try again."""
    if not problems:
        text = f"✅ All of what did not work for *{escape(incident.title)}* is done now."
        return Post(text=text, blocks=(b.section(text),))
    listed = "\n".join(f"• {escape(p)}" for p in problems)
    text = (
        f"⚠️ Some of *{escape(incident.title)}* is not done yet; the rest is. "
        f"mayday tries again by itself from time to time.\n{listed}"
    )
    return Post(
        text=text,
        blocks=(
            b.section(text),
            b.actions(b.button("Try again now", action=ACTION_RETRY, value=incident.id)),
        ),
    )
