"""The news of an incident as direct messages, and the answers to those who subscribe to it."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.mrkdwn import typed, unescape
from bot.domain.timeline import EntryKind, PostedEntry
from bot.ports import Post
from bot.render import blocks as b
from bot.render.reader_buttons import catch_up_button, unsubscribe_button
from bot.render.text import cut, escape

TEXT = 2000
"""Characters of what somebody wrote; a section takes 3,000, and escaping makes a text longer."""

BEGUN = "🔔 You are subscribed to *{title}*: mayday sends you its news as direct messages until it is closed."
ENDED = "🔕 You are no longer subscribed. mayday sends you nothing more about this incident."
NONE = "You aren't subscribed to this incident."
LAST = "_This was the last message about it._"

_WORDS = {
    EntryKind.UPDATE: "📣 update by {who}",
    EntryKind.STATUS: "🔄 {who} changed the status from {old} to *{new}*",
    EntryKind.SEVERITY: "📶 {who} changed the severity from {old} to *{new}*",
    EntryKind.RESOLVED: "✅ resolved by {who}",
    EntryKind.REOPENED: "🚨 reopened by {who}; its status is {new}",
    EntryKind.CLOSED: "📁 closed by {who}",
}


def begun(incident: Incident) -> Post:
    """Return the answer to the person who subscribed, with how to undo it."""
    text = BEGUN.format(title=escape(incident.title))
    return Post(text=text, blocks=(b.section(text), b.actions(unsubscribe_button(incident.id))))


def news(incident: Incident, entry: PostedEntry) -> Post:
    """Return the message to a subscriber about an entry."""
    data = entry.data
    said = _WORDS[entry.kind].format(
        who=f"<@{entry.author}>",
        old=escape(str(data.get("from") or "")),
        new=escape(str(data.get("to") or "")),
    )
    where = f" in <#{incident.channel_id}>" if incident.channel_id else ""
    head = f"*{escape(incident.title)}*{where}: {said}"
    quote = _quote(str(data.get("text") or ""))
    is_last = entry.kind is EntryKind.CLOSED
    buttons = [catch_up_button(incident.id)]
    buttons += [] if is_last else [unsubscribe_button(incident.id)]
    blocks = [b.section(head), *([b.section(quote)] if quote else []), b.actions(*buttons)]
    blocks += [b.context(LAST)] if is_last else []
    return Post(text=head, blocks=tuple(blocks))


def _quote(text: str) -> str:
    """What somebody wrote, which is kept as Slack escapes it."""
    plain = cut(unescape(text), TEXT)
    while len(shown := "\n".join(f">{typed(line)}" for line in plain.splitlines())) > 3000:
        plain = cut(plain, len(plain) * 3 // 4)
    return shown
