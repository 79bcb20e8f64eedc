"""The text of timeline entries, for Slack and for the report.

``words`` returns Slack's mrkdwn with mentions such as ``<@U…>``. Slack resolves them, and the report resolves
them with the rest of the markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.incident import ARCHIVED, CLOSED, GONE, LEFT
from bot.domain.slack_message import file_names
from bot.domain.timeline import EntryKind, EntryRevision, FileRef, Heading, Line
from bot.render.markdown import Names, link, literal, neutral
from bot.render.stages import report_entry, stage_entry
from bot.render.status import status_words
from bot.render.steps import entry_words as step_words
from bot.render.text import escape

_BROADCAST = re.compile(r"<(?=!(?!date\^))")
HEADINGS = {
    Heading.TIMELINE: "timeline",
    Heading.WRONG: "what went wrong",
    Heading.LUCKY: "where we got lucky",
    Heading.ACTION: "action item",
    Heading.SUMMARY: "summary",
}
"""The names of the headings, as in the report."""

CHANNEL_WORDS = {
    "": "mayday works in the channel again, after it was removed from it or the channel was archived.",
    LEFT: "mayday can't see or join the channel any more.",
    ARCHIVED: "The channel was archived.",
    GONE: "The channel was deleted.",
}
"""What an entry says of the channel, by the state that it changed to."""

_OWN_WORDS = frozenset({EntryKind.NOTE, EntryKind.MESSAGE})
_SIGNED = frozenset({EntryKind.MESSAGE, EntryKind.UPDATE})


def words(line: Line) -> str:
    """Return the text of an entry as mrkdwn with mentions; ``quiet`` disables broadcasts in it."""
    entry = line.entry
    data = entry.data
    who = f"<@{entry.author}>" if entry.author else "mayday"
    if entry.kind in _OWN_WORDS:
        return line.text
    if entry.kind is EntryKind.UPDATE:
        return f"*Update:* {line.text}"
    if entry.kind is EntryKind.FINDING:
        return f"*Finding on {escape(str(data['hub']))}:* {line.text}"
    if entry.kind is EntryKind.RUNBOOK:
        staged = "kinds" in data
        return stage_entry(data, who, names=True) if staged else step_words(data, who)
    if entry.kind is EntryKind.CHANNEL:
        return CHANNEL_WORDS[data["to"]]
    if entry.kind is EntryKind.PRIVATE:
        return "The channel became private, and so did the incident."
    if entry.kind is EntryKind.ROLE:
        return _role(data, who)
    if entry.kind is EntryKind.MERGED:
        what = "was reopened, so it is no duplicate" if data.get("is_undone") else "is a duplicate"
        return f"<#{data['channel']}> {what} of this incident, says {who}."
    if entry.kind is EntryKind.INVITED:
        return f"{who} invited {', '.join(f'<@{user}>' for user in data['people'])}."
    if entry.kind is EntryKind.EDITED:
        return _edited(data, who)
    return _change(entry.kind, data, who)


def quiet(text: str) -> str:
    """Return mrkdwn in which ``<!channel>`` and other broadcasts are shown as text."""
    return _BROADCAST.sub("&lt;", text)


def entry_words(line: Line, names: Names) -> str:
    """Return the entry as Markdown: its text, files and signature, who edited it, and its annotations."""
    text = _signed_words(line, names)
    if line.edited_by:
        text = _ended(text, f"(edited by {literal(names.people.get(line.edited_by, 'somebody'))})")
    return "\n\n".join([text, *(_annotation(note, names) for note in line.annotations)])


def _annotation(note: EntryRevision, names: Names) -> str:
    """Return an annotation as a quote that begins with its author and time."""
    author = literal(names.people.get(note.by, "Somebody"))
    text = neutral(str(note.after["text"]), names)
    said = f"{author} added at {note.at.astimezone(names.zone):%H:%M}: {text}"
    return "\n".join(f"> {line}".rstrip() for line in said.split("\n"))


def _signed_words(line: Line, names: Names) -> str:
    files = line.message.files if line.message else ()
    text = (
        "" if line.text and line.text == file_names(files) else neutral(report_words(line), names)
    )
    if listed := _files(files):
        text = f"{text}\n\n{listed}".strip()
    if line.entry.kind not in _SIGNED:
        return text
    author = line.message.author if line.message else line.entry.author
    name = app_name(line) or names.people.get(author, "")
    if not name and not line.permalink:
        return text
    return _ended(text, f"— {link(name or 'in Slack', line.permalink)}")


def report_words(line: Line) -> str:
    """Return the text of an entry for the report, which names no user of a hub that a step was about."""
    entry = line.entry
    if entry.kind is not EntryKind.RUNBOOK:
        return words(line)
    return report_entry(entry.data, f"<@{entry.author}>" if entry.author else "mayday")


def _ended(text: str, signature: str) -> str:
    """Return the text with a signature at its end."""
    # On the last line of a list, a quote or a code block the signature would become part of it.
    plain_end = not re.match(r"[->`]|\d+\.", text.rpartition("\n\n")[2])
    return f"{text} {signature}" if plain_end else f"{text}\n\n{signature}"


def app_name(line: Line) -> str:
    """Return the name of the app that posted the entry's message, empty for a person's."""
    return line.message.author_name if line.message else ""


def _files(files: tuple[FileRef, ...]) -> str:
    listed = ", ".join(link(file.name, file.permalink) for file in files)
    return f"Files: {listed}" if listed else ""


def _change(kind: EntryKind, data: Mapping[str, Any], who: str) -> str:
    old, new = escape(str(data.get("from", ""))), escape(str(data.get("to", "")))
    text = str(data.get("text", "")).strip()
    if kind is EntryKind.DECLARED:
        hubs = ", ".join(escape(str(hub)) for hub in data.get("hubs", ()))
        where = f" on {hubs}" if hubs else ""
        said = f"{who} declared the incident as {escape(str(data.get('severity', '')))}{where}."
        if url := data.get("link"):
            said = f"{said[:-1]}, from <{url}|a message>."
    elif kind is EntryKind.STATUS:
        said = f"{who} changed the status from {old} to {new}{_severity(data)}."
    elif kind is EntryKind.SEVERITY:
        said = f"{who} changed the severity from {old} to {new}."
    elif kind is EntryKind.RESOLVED:
        said = f"{who} resolved the incident{_severity(data)}."
    elif kind is EntryKind.REOPENED:
        said = f"{who} reopened the incident; its status is {new}."
    elif kind is EntryKind.CLOSED:
        ending = str(data.get("ending") or "")
        how = f" as {status_words(CLOSED, ending)}, without a report" if ending else ""
        said = f"{who} closed the incident{how}."
    elif kind is EntryKind.NOTIFIED:
        said = f"{who} notified the {escape(str(data.get('audience', '')))}."
    elif kind is EntryKind.PUBLISHED:
        said = f"The report was published: {escape(str(data.get('url', '')))}"
    else:
        said = f"{who} added an action item:"
    return f"{said.rstrip('.:')}: {text}" if text else said


def _severity(data: Mapping[str, Any]) -> str:
    """What a change of the status says of the severity that changed with it."""
    changed = data.get("severity")
    if not changed:
        return ""
    return f" and the severity from {escape(changed['from'])} to {escape(changed['to'])}"


def _edited(data: Mapping[str, Any], who: str) -> str:
    """Which of title, hubs and summary somebody changed, and to what; the summary is on the card."""
    after = data["after"]
    said = []
    if "title" in after:
        said.append(f"the title to “{escape(after['title'])}”")
    if "hubs" in after:
        said.append(f"the hubs to {escape(', '.join(after['hubs'])) or 'none'}")
    if "summary" in after:
        said.append("the summary")
    return f"{who} changed {', '.join(said)}."


def _role(data: Mapping[str, Any], who: str) -> str:
    person, role = f"<@{data.get('user', '')}>", escape(str(data.get("role", "")))
    before = f" from <@{data['before']}>" if data.get("before") else ""
    note = f" {data['text']}" if data.get("text") else ""
    if person == who:
        return f"{who} took the role of {role}{before}.{note}"
    return f"{who} gave {person} the role of {role}{before}.{note}"
