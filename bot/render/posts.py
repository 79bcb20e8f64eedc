"""The messages that mayday posts as things happen: changes, updates, failures.

Like the card they are rendered from specs, which hold values and no words; see :mod:`bot.render.card`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.domain.command import COMMAND
from bot.domain.incident import ARCHIVED, CLOSED, GONE, LEFT, RESOLVED, Incident
from bot.domain.item_words import as_mrkdwn
from bot.domain.mrkdwn import typed
from bot.domain.timeline import EntryKind, PostedEntry
from bot.ports import Post
from bot.render import blocks as b
from bot.render import edit_pages
from bot.render.card import (
    ACTION_CLOSE,
    ACTION_REOPEN,
    ACTION_REPORT,
    ACTION_RESOLVE,
    ACTION_RETRY,
)
from bot.render.reader_buttons import catch_up_button
from bot.render.state import is_update, quoted
from bot.render.status import status_words
from bot.render.text import channel_link, escape, escaped, when
from bot.render.times import weekday_words

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
        EntryKind.NOTIFIED,
        EntryKind.PRIVATE,
        EntryKind.MERGED,
        EntryKind.EDITED,
    }
)
"""The kinds of entry that mayday posts in the channel, unless they are quiet."""

_NEWS_SIGNS = {EntryKind.RESOLVED: "✅", EntryKind.REOPENED: "🚨", EntryKind.SEVERITY: "📶"}
_ONCE = frozenset({EntryKind.RESOLVED, EntryKind.REOPENED})
"""Kinds that are announced with the first reopening of an incident and before, later only with a text."""


@dataclass(frozen=True, kw_only=True)
class EntrySpec:
    """What the post of a timeline entry shows. ``data`` has the keys of its kind."""

    kind: EntryKind
    author: str
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class AnnouncedUpdateSpec:
    """What a reply to the announcement shows. ``text`` is empty when nobody wrote any."""

    title: str
    kind: EntryKind
    status: str
    text: str
    next_at: str = ""


@dataclass(frozen=True, kw_only=True)
class NoticeSpec:
    """What the notice shows: one sentence for each problem, none when all are solved."""

    incident_id: str
    title: str
    problems: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class HandoverSpec:
    """What the message to the person who got the lead shows. ``entry`` is as in :class:`EntrySpec`."""

    title: str
    channel_id: str
    severity: str
    entry: EntrySpec


@dataclass(frozen=True, kw_only=True)
class ChannelSpec:
    """What a direct message about the incident's channel shows.

    ``state`` is why mayday can't work there, empty where it can. ``problems`` are what failed besides.
    """

    incident_id: str
    title: str
    channel_name: str
    status: str
    state: str
    problems: Sequence[str]


def entry_spec(entry: PostedEntry) -> EntrySpec:
    """What the post of an entry shows."""
    return EntrySpec(kind=entry.kind, author=entry.author, data=entry.data)


def announced_update_spec(incident: Incident, entry: PostedEntry) -> AnnouncedUpdateSpec:
    """What the announcement's thread shows of an entry; see :func:`is_news`."""
    if entry.kind is EntryKind.CLOSED:
        status = status_words(CLOSED, entry.data["ending"])
    else:
        status = entry.data["status"] if entry.kind is EntryKind.UPDATE else entry.data["to"]
    return AnnouncedUpdateSpec(
        title=incident.shown_title,
        kind=entry.kind,
        status=str(status),
        text=str(entry.data.get("text") or ""),
        next_at=str(entry.data.get("next_at") or ""),
    )


def news(entries: Iterable[PostedEntry]) -> list[PostedEntry]:
    """The entries that are posted outside: updates, resolving, the first reopening, ends without a
    report.

    An incident that is resolved and reopened again and again only changes the announcement itself, unless
    somebody writes why.
    """
    found, reopened = [], 0
    for entry in entries:
        reopened += entry.kind is EntryKind.REOPENED
        is_once = entry.kind in _ONCE and reopened <= 1
        is_end = entry.kind is EntryKind.CLOSED and bool(entry.data.get("ending"))
        if not entry.is_deleted and (is_update(entry) or is_once or is_end):
            found.append(entry)
    return found


def _quote(text: str) -> str:
    return quoted(text, 2500)


def entry_post(spec: EntrySpec) -> Post:
    """The post of a timeline entry in the channel."""
    who = f"<@{spec.author}>" if spec.author else "mayday"
    data = spec.data
    quote = _quote(str(data.get("text") or ""))
    match spec.kind:
        case EntryKind.STATUS:
            also = ""
            if severity := data.get("severity"):
                also = f" and severity *{severity['to']}* (was {severity['from']})"
            text = f"🔄 Status is *{data['to']}* now (was {data['from']}){also}, by {who}.{quote}"
        case EntryKind.RESOLVED:
            text = (
                f"✅ *Resolved* by {who}.{quote}\n"
                f"Use `{COMMAND} close` to complete the report and publish it."
            )
        case EntryKind.SEVERITY:
            text = f"📶 Severity is *{data['to']}* now (was {data['from']}), by {who}.{quote}"
        case EntryKind.ROLE:
            before = data.get("before")
            took_over = f", after <@{before}>" if before else ""
            given = "" if data["user"] == spec.author else f", given by {who}"
            text = f"🧑‍🚒 <@{data['user']}> is *{data['role']}* now{took_over}{given}.{quote}"
        case EntryKind.UPDATE:
            text = f"📣 *Update* by {who}:{quote}"
        case EntryKind.REOPENED:
            text = f"🚨 *Reopened* by {who}; status is {data['to']}."
        case EntryKind.CLOSED:
            text = _closed(data, who, quote)
        case EntryKind.MERGED if data.get("is_undone"):
            text = f"↩️ <#{data['channel']}> was reopened by {who}: it is no duplicate of this incident."
        case EntryKind.MERGED:
            text = (
                f"🔗 <#{data['channel']}> is a duplicate of this incident, says {who}. Its people are "
                "invited here."
            )
        case EntryKind.ACTION_ITEM:
            owner = f", for <@{data['owner']}>" if data.get("owner") else ""
            owner += (
                f", due {weekday_words(date.fromisoformat(data['due_on']))}"
                if data.get("due_on")
                else ""
            )
            link = f"\n>{escape(str(data['link']))}" if data.get("link") else ""
            text = (
                f"🔧 Action item by {who}{owner}, under _{escape(str(data.get('group', '')))}_:"
                f"{_quote(as_mrkdwn(str(data.get('text') or '')))}{link}"
            )
        case EntryKind.PUBLISHED:
            text = f"📄 The report is published: {_links(data)}"
            if unassigned := data.get("unassigned"):
                names = ", ".join(escape(str(login)) for login in unassigned)
                text += (
                    f"\nGitHub can't assign its issues to {names}, so they are filed without. Check the "
                    "spelling, and that they may work in the repository. *Edit report*, *Title, date, hubs, "
                    "labels* changes the assignees of this report, `github.assignees` those of all."
                )
        case EntryKind.NOTIFIED:
            where = ", ".join(channel_link(str(one)) for one in data["channels"])
            text = f"📢 {who} notified the *{escape(str(data['audience']))}* in {where}:{quote}"
        case EntryKind.EDITED:
            text = _edited(who, data["after"])
        case EntryKind.PRIVATE:
            text = _became_private(data)
        case _:
            text = f"{spec.kind.value} by {who}"
    text += _promise(str(data.get("next_at") or ""))
    shown: tuple[b.Block, ...] = (b.section(text),)
    if spec.kind is EntryKind.RESOLVED:
        shown += (b.actions(b.button("Close and report", action=ACTION_CLOSE)),)
    if spec.kind is EntryKind.ROLE and data["user"] != spec.author:  # it invites them
        shown += (b.actions(catch_up_button()),)
    if spec.kind is EntryKind.PUBLISHED:
        shown += (b.actions(edit_pages.button()),)
    return Post(text=text, blocks=shown)


def _closed(data: Mapping[str, Any], who: str, quote: str) -> str:
    if not data.get("ending"):
        return f"📁 *Closed* by {who}. mayday prepares its report."
    other = str(data.get("channel") or "")
    words = status_words(CLOSED, data["ending"], duplicate_of=other)
    said = f"📁 Ended as *{words}* by {who}, without a report.{quote}\n"
    if other:
        said += f"What happens next is in <#{other}>. "
    return f"{said}To undo this, use `{COMMAND} reopen`."


def _promise(next_at: str) -> str:
    """When the next update is promised, on its own line; nothing where nobody chose a time."""
    return f"\nNext update {when(datetime.fromisoformat(next_at))}." if next_at else ""


def _edited(who: str, after: Mapping[str, Any]) -> str:
    lines = [f"✏️ {who} edited the incident."]
    if "title" in after:
        lines.append(f"*Title*: {escape(after['title'])}")
    if "hubs" in after:
        lines.append(f"*Hubs*: {escaped(', '.join(after['hubs']), 500) or 'none'}")
    if "summary" in after:
        summary = _quote(escaped(after["summary"], 2000)) or " none"
        lines.append(f"*Summary*:{summary}")
    return "\n".join(lines)


def handover_post(spec: HandoverSpec) -> Post:
    """The direct message to the person who got the lead."""
    data = spec.entry.data
    text = (
        f"🧑‍🚒 <@{spec.entry.author}> handed an incident over to you: you are *{escape(data['role'])}* of "
        f"*{escape(spec.title)}* ({escape(spec.severity)}), in <#{spec.channel_id}>."
        f"{_quote(str(data.get('text') or ''))}"
    )
    return Post(text=text, blocks=(b.section(text),))


def _became_private(data: Mapping[str, Any]) -> str:
    text = (
        "🔒 This channel is private now, so mayday treats the incident as private. It announces nothing "
        "more, and what it announced before no longer shows the incident."
    )
    if not data["issues"]:
        return text
    listed = ", ".join(f"<{url}>" for url in data["issues"])
    return (
        f"{text}\n<@{data['person']}>, mayday can't delete the issues that it filed before: {listed}. "
        "If their repository is public, delete them or transfer them to a private one."
    )


def withdrawn() -> Post:
    """The message that replaces an announcement once its incident is private."""
    text = "🔒 mayday withdrew this announcement because the incident is private now."
    return Post(text=text, blocks=(b.section(text),))


def withdrawn_news() -> Post:
    """The message that replaces a subscriber's news once the incident is private."""
    text = "🔒 mayday withdrew this message because the incident is private now."
    return Post(text=text, blocks=(b.section(text),))


def _links(data: Mapping[str, Any]) -> str:
    named = [data.get("url"), *data.get("others", ()), data.get("path")]
    places = list(dict.fromkeys(str(place) for place in named if place))
    return ", ".join(f"<{p}>" if p.startswith("http") else f"`{escape(p)}`" for p in places)


def announced_update(spec: AnnouncedUpdateSpec) -> Post:
    """An update as people outside the channel see it, in the announcement's thread."""
    mark = _NEWS_SIGNS.get(spec.kind, "📣")
    text = (
        f"{mark} *{escape(spec.title)}* · {spec.status}{_quote(spec.text)}{_promise(spec.next_at)}"
    )
    return Post(text=text, blocks=(b.section(text),))


_CHANNEL_WORDS = {
    LEFT: (
        "mayday can't see or join #{name}: somebody removed it, or the channel became private or was "
        "deleted. Nothing that people write there is recorded. If the channel still exists, invite mayday "
        "to it."
    ),
    ARCHIVED: (
        "#{name} was archived, so mayday can't work there. To continue there, unarchive the channel. "
        "If it is private, invite mayday again."
    ),
    GONE: "#{name} was deleted.",
}
_CHANNEL_ADVICE = (
    "Everything that was recorded is kept. You can close or reopen the incident and see its report here, or "
    f"with `{COMMAND} close in #{{name}}`, typed in any channel."
)


def channel_notice(spec: ChannelSpec) -> Post:
    """What happened to the incident's channel and what to do, with the buttons that its status allows."""
    title, name = f"*{escape(spec.title)}*", escape(spec.channel_name)
    if not spec.state:
        text = f"✅ {title}: mayday works in #{name} again and reads what it missed."
        return Post(text=text, blocks=(b.section(text),))
    if spec.status == CLOSED:
        lines = [f"📁 {title} is closed."]
    else:
        words = _CHANNEL_WORDS[spec.state].format(name=name)
        lines = [f"⚠️ {title}: {words}", _CHANNEL_ADVICE.format(name=name)]
    if spec.problems:
        lines.append("Some other steps failed. mayday keeps retrying.")
        lines += [f"• {escape(problem)}" for problem in spec.problems]
    text = "\n".join(lines)
    offered = [
        ("Close and report", ACTION_CLOSE, spec.status == RESOLVED),
        ("Resolve", ACTION_RESOLVE, spec.status not in (RESOLVED, CLOSED)),
        ("Preview the report", ACTION_REPORT, True),
        (edit_pages.EDIT_REPORT, edit_pages.ACTION_OPEN, spec.status in (RESOLVED, CLOSED)),
        ("Reopen", ACTION_REOPEN, spec.status in (RESOLVED, CLOSED)),
        ("Try again now", ACTION_RETRY, True),
    ]
    buttons = [
        b.button(label, action=action, value=spec.incident_id)
        for label, action, is_offered in offered
        if is_offered
    ]
    return Post(text=text, blocks=(b.section(text), b.actions(*buttons)))


def notice(spec: NoticeSpec) -> Post:
    """What mayday could not do, with a button to try again; or that all of it is done now."""
    title = f"*{escape(spec.title)}*"
    if not spec.problems:
        text = f"✅ Everything that had failed for {title} is now done."
        return Post(text=text, blocks=(b.section(text),))
    listed = "\n".join(f"• {typed(problem)}" for problem in spec.problems)
    text = f"⚠️ Some steps for {title} failed. mayday keeps retrying.\n{listed}"
    return Post(
        text=text,
        blocks=(
            b.section(text),
            b.actions(b.button("Try again now", action=ACTION_RETRY, value=spec.incident_id)),
        ),
    )
