"""What mayday answers to the person who typed a command, pressed a button or sent a form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.backdated import known_times
from bot.domain.command import COMMAND
from bot.domain.incident import RESOLVED, Incident, Policy
from bot.domain.leading import provisional_leader
from bot.domain.milestones import Milestone, durations
from bot.domain.report_parts import Revision
from bot.domain.typed_time import TypedTime, written
from bot.ports import Post
from bot.render import blocks as b
from bot.render import card, declare_form, times
from bot.render.milestones import NAMES, disorder, duration_words
from bot.render.status import status_words
from bot.render.text import code, cut, escape, hub_link, when

ACTION_EDIT = "entry.edit"
ACTION_UNDO = "entry.undo"
ACTION_TAKE_BACK = "incident.take_back"
ACTION_SEND = "command.send"

MOST_PLACES = 5
"""How many open incidents a command is offered to be sent to."""
MOST_SENT = 2000
"""Characters in the value of a button, which is Slack's limit."""

PUBLISHING = (
    "The report is being published again. What is already published and unchanged stays as it is."
)
APPROVED = (
    "You approved the report. mayday publishes it now and posts in the channel when it is there."
)
RETRYING = "Trying again now. This message shows the result."
ENTRY_CHANGED = f"✏️ The entry is changed. `{COMMAND} timeline` shows it."
NOTE_UNDONE = "↩️ The note is removed from the timeline."
ENTRY_ANNOTATED = f"📝 The entry is annotated. `{COMMAND} timeline` shows it."
ENTRY_REMOVED = "Removed from the timeline. If it was a message, react to it again to restore it."
DECIDED = "✅ mayday writes this text, unless it has changed there again since."
ITEM_ADDED = "🔧 The action item is added."
MESSAGE_ADDED = f"📌 Added to the timeline. `{COMMAND} timeline` shows it."

QUOTED = 300
"""Characters of a note that its answer repeats."""

PART = 2900
"""Characters of a typed command in one block, of Slack's 3,000."""

NO_TIME = (
    " mayday read no time in it, so the note has the present time. Press Edit to set another one."
)
PUBLISHED_AGAIN = " This incident is closed, so mayday publishes its report again."


UNCHANGED = "Nothing was changed."
CHANGE_UNDONE = "↩️ The change is taken back."


def edited(incident_id: str, revision: Revision, said: str) -> Post:
    """What an edit of the incident changed, with a button that takes it back. ``said`` follows."""
    fields = ("title", "hubs", "summary")
    names = [name for name in fields if name in revision.after]
    if not names and "hub_urls" in revision.after:
        names = ["links of the hubs"]
    text = f"✏️ Changed: {', '.join(names)}. The card shows it.{said}"
    undo = b.button("Undo", action=ACTION_TAKE_BACK, value=f"{incident_id}:{revision.id}")
    return Post(text=text, blocks=(b.section(text), b.actions(undo)))


def handed_over(incident: Incident, user: str, by: str) -> str:
    """The lead was handed over, and how to take it back."""
    if user == by:
        return f"You lead *{escape(incident.title)}* now."
    return (
        f"<@{user}> leads *{escape(incident.title)}* now, and gets your note as a direct message. To take it "
        f"back, use `{COMMAND} handover <@{by}>`."
    )


def invited(users: Sequence[str]) -> str:
    """People are being invited."""
    return f"mayday is inviting {', '.join(f'<@{user}>' for user in users)} to the channel."


def internal_error(error_id: str) -> str:
    """A failure that nobody foresaw; ``error_id`` finds it in the log."""
    return (
        f"Something in mayday went wrong (error {error_id} in its log). "
        "Nothing that was recorded before is lost. Please try again."
    )


def did_you_mean(closest: str) -> str:
    """A sentence that offers the closest match, or nothing where there is none."""
    return f" Did you mean {closest}?" if closest else ""


def unknown_command(word: str, closest: str) -> str:
    """There is no such command; ``closest`` is one that is like it, or empty."""
    hint = did_you_mean(f"`{COMMAND} {closest}`" if closest else "")
    return (
        f"There is no command “{escape(cut(word, 40))}”.{hint} `{COMMAND} help` lists all commands."
    )


def again(line: str) -> list[b.Block]:
    """Blocks with a command as it was typed, to correct it and send it again."""
    if not line:
        return []
    parts = [line[at : at + PART] for at in range(0, len(line), PART)]
    return [
        b.context("What you typed, to correct it and send it again:"),
        *(
            b.section(f"```{COMMAND} {part}```" if not at else f"```{part}```")
            for at, part in enumerate(parts)
        ),
    ]


def elsewhere(refusal: str, name: str, text: str, incidents: Sequence[Incident]) -> Post:
    """A command was typed outside of incident channels: the open incidents to send it to, newest first."""
    shown: list[b.Block] = [b.section(f"⚠️ {refusal}")]
    for incident in incidents[:MOST_PLACES]:
        value = f"{name}|{incident.channel_id}|{text}"
        if len(value) <= MOST_SENT:
            send = b.button("Send it there", action=ACTION_SEND, value=value)
            where = f"*{escape(incident.title)}* in <#{incident.channel_id}>"
            shown.append(b.section(where, accessory=send, block_id=f"send/{incident.id}"))
    return Post(text=f"⚠️ {refusal}", blocks=(*shown, *again(f"{name} {text}".strip())))


def noted(
    text: str,
    time: TypedTime | None,
    *,
    zone: ZoneInfo,
    entry_id: int,
    version: str,
    is_new: bool,
    distance: timedelta | None = None,
    unused: str = "",
    is_unread: bool = False,
    after: str = "",
) -> Post:
    """A note was recorded, or was already, with buttons to edit it and to undo it.

    ``text`` is message text. ``time`` is as it was understood, None for now. ``distance`` is that to the
    nearest other entry if it is large. ``unused`` is a time that the note begins with and that was taken as
    text, ``is_unread`` whether the note begins with ``at`` and a figure, and no time was read. ``after`` says
    what follows from it.
    """
    said = f"📌 {'Noted' if is_new else 'Already noted'} "
    said += f"at {times.understood(time, zone)}" if time else "in the timeline."
    if is_unread:
        said += NO_TIME
    if unused:
        said += (
            f" The time “{escape(unused)}” stays in its text. To file a note at that time, "
            f"write `{COMMAND} note at {code(unused)} …`, or press Edit."
        )
    said += times.warned(distance) + after
    buttons = b.actions(
        b.button("Edit", action=ACTION_EDIT, value=f"edit:{entry_id}"),
        b.button("Undo", action=ACTION_UNDO, value=f"undo:{entry_id}:{version}"),
    )
    noted_ = "\n".join(f">{line}" for line in cut(text, QUOTED).splitlines())
    return Post(text=said, blocks=(b.section(f"{said}\n{noted_}"), buttons))


def entry_changed(
    time: TypedTime | None, *, zone: ZoneInfo, distance: timedelta | None = None
) -> str:
    """An entry was changed; ``time`` is its new time as it was understood, None if it has the same."""
    if time is None:
        return ENTRY_CHANGED
    return f"✏️ The entry is now at {times.understood(time, zone)}{times.warned(distance)}"


def times_set(
    before: Incident, after: Incident, told: Mapping[Milestone, TypedTime | None], *, zone: ZoneInfo
) -> str:
    """Which times of the incident were set or unset, what they were before, and the durations."""
    lines = []
    for name, time in told.items():
        said = (
            f"🕐 *{NAMES[name]}*: {times.understood(time, zone)}"
            if time
            else f"🕐 *{NAMES[name]}* is no longer set."
        )
        if (was := before.milestones.get(name)) and was != time:
            shown = written(was, zone)
            said += f" To set it back, write `{COMMAND} time {name.value} {shown}`."
        elif time:
            said += f" To unset it, write `{COMMAND} time {name.value} -`."
        lines.append(said)
    if not lines:
        return "The times are unchanged."
    known = known_times(after, (), zone)
    lines += [f"{NAMES[one.to]} after {duration_words(one)}." for one in durations(known)]
    if warning := disorder(known):
        lines.append(f"⚠️ {warning}")
    return "\n".join(lines) + (PUBLISHED_AGAIN if after.closed_at is not None else "")


def hubs(incident: Incident, urls: Mapping[str, str]) -> str:
    """The affected hubs with their addresses, and how to change them. ``urls`` are the configured ones."""
    known = {**urls, **incident.report_options.hub_urls}
    listed = "\n".join(f"• {hub_link(name, known.get(name, ''))}" for name in incident.hubs)
    return (
        f"{listed or 'No hub is named yet.'}\nAdd one with `{COMMAND} hubs add`, its name, and its address "
        f"if it isn't configured. Remove one with `{COMMAND} hubs remove` and its name."
    )


def status(open_statuses: Sequence[str]) -> str:
    """How to change the status."""
    return f"Change the status with `{COMMAND} status {'|'.join((*open_statuses, RESOLVED))}`."


def severity(incident: Incident, descriptions: Mapping[str, str]) -> str:
    """The severity, and those to choose from."""
    listed = "\n".join(f"• {name}: {text}" for name, text in descriptions.items())
    return f"The severity is *{incident.severity}*. Change it with `{COMMAND} severity`:\n{listed}"


def roles(incident: Incident, policy: Policy) -> str:
    """Who has which role, what it is for, and how to take or give one."""
    for_now = provisional_leader(incident, policy)
    lines = []
    for role in policy.roles:
        who = f"<@{incident.roles[role]}>" if role in incident.roles else "nobody yet"
        if for_now and role == policy.lead:
            who = f"<@{for_now}> until somebody takes over"
        what = policy.descriptions.get(role, "")
        lines.append(f"• {escape(role)}: {who}" + (f" ({escape(what)})" if what else ""))
    listed, lead = "\n".join(lines), code(policy.lead)
    return f"{listed}\nTake one with `{COMMAND} role {lead}`, or give it with `… @name`."


def still_running(runs: Iterable[tuple[str, str]]) -> str:
    """A warning about runs (runbook and hub) that continue although the incident is resolved."""
    return "\n".join(
        f"⚠️ The incident is resolved, but `{runbook}` is still running on {escape(hub)}. "
        "Its thread shows the result."
        for runbook, hub in runs
    )


def plan_asked(runbook: str, hub: str) -> str:
    """A plan was asked for in a channel that is no incident's."""
    return (
        f"🔎 Planning `{runbook}` on {escape(hub)}. The plan appears in this channel, or in a direct "
        "message to you if mayday can't post here."
    )


def needs_incident(refusal: str, channels: Sequence[str]) -> str:
    """The refusal, with the channels of open incidents where the runbook can be run."""
    if not channels:
        return f"{refusal} No incident is open: declare one with `{COMMAND} declare`."
    shown = ", ".join(f"<#{channel}>" for channel in channels[:5])
    return f"{refusal} Open now: {shown}."


def declared(incident: Incident) -> Post:
    """What was declared, where, and how to undo it; the channel may still have to be created."""
    title, hubs = escape(incident.shown_title), escape(", ".join(incident.hubs))
    name = escape(incident.channel_name)
    what = f"*{title}* · {incident.severity}" + (f" · {hubs}" if hubs else "")
    what += " · private" if incident.private else ""
    if incident.was_over:
        said = f"📁 Recorded: {what}. mayday is inviting you to #{name}, to complete the report."
    elif incident.adopted:
        said = f"🚨 Declared: {what}. This channel is the incident's now."
    else:
        said = f"🚨 Declared: {what}. mayday is inviting you to #{name}. Everything else happens there."
    confirm: b.Block = {
        "title": b.plain("Cancel the incident?"),
        "text": b.plain("It ends without a report. You can reopen it later.", 300),
        "confirm": b.plain("Cancel it"),
        "deny": b.plain("Keep it"),
    }
    undo = b.button("Cancel it", action=card.ACTION_CANCEL, value=incident.id, confirm=confirm)
    return Post(text=said, blocks=(b.section(said), b.actions(undo)))


def open_already(found: Sequence[Incident], *, text: str, key: str, seen: Sequence[str]) -> Post:
    """Incidents like the one of this line are open: to join, or to declare another one anyway.

    ``key`` is unique to the line. ``seen`` are the ids of those that the person has been shown.
    """
    said = "Nothing is declared yet: an incident like this one is open already."
    value = json.dumps({"text": text, "key": key, "seen": list(seen)}, ensure_ascii=False)
    anyway = b.button("Declare anyway", action=declare_form.ACTION_ANYWAY, value=value)
    return Post(text=said, blocks=(*declare_form.shown_like(found), b.actions(anyway)))


def open_already_from_message(found: Sequence[Incident]) -> Post:
    """Incidents like the one of a message are open: to join."""
    said = "Nothing is declared yet: an incident like this one is open already."
    other = "To declare another one anyway, use the shortcut *Declare an incident* in the message's menu."
    return Post(text=said, blocks=(*declare_form.shown_like(found), b.context(other)))


def done(incident: Incident) -> str:
    """What was asked for is done, for a person who does not see the incident's channel."""
    status = status_words(incident.status, incident.ending)
    return (
        f"✅ Done. *{escape(incident.shown_title)}* (#{escape(incident.channel_name)}) is {status}."
    )


def shown_there(incident: Incident) -> str:
    """What was asked for appears in the incident's channel, for a person who does not see it."""
    return f"✅ mayday posts it in #{escape(incident.channel_name)}."


def snoozed(not_before: datetime, asked: datetime) -> str:
    """No reminder comes before a moment, which is later than what was asked for where it was so already."""
    already = " already, which is later" if not_before > asked else ""
    return (
        f"💤 No reminder of this incident comes before {when(not_before)}{already}. "
        f"`{COMMAND} snooze off` ends that."
    )


def awake(update_at: datetime) -> str:
    """Reminders are no longer snoozed."""
    return f"⏰ Reminders come again. The next one to post an update comes {when(update_at)}."
