"""Action items in Slack: lists with a menu for each, reminders, the weekly digest, and the form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import urlsplit

from bot.domain.actions import ActionItem, ListedItem
from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.item_policy import CloseGate, is_overdue
from bot.domain.item_states import LOST, IssueState, ItemState
from bot.domain.mrkdwn import typed, unescape
from bot.ports import JSON, Post
from bot.render import blocks as b
from bot.render.text import cut, escape, mention
from bot.render.times import weekday_words

ACTION_MENU = "item.menu"
ACTION_DONE = "item.done"
ACTION_DROP = "item.drop"
ACTION_EDIT = "item.edit"

DONE, DROP, REOPEN, EDIT = "done", "drop", "reopen", "edit"
VIEWS = ("mine", "overdue", "all", "open")
"""What ``/incident actions`` can show: one's own open items, overdue ones, all, or all open ones."""

SHOWN = 40
"""Items in one message, a block each; Slack allows 50 blocks."""
SHOWN_TEXT = 8000
"""Characters of these together: Slack refuses a message with more than about 10,000 in its blocks."""
TITLE = 150
"""Characters of a title in a list."""
IN_DIGEST = 25

_SIGNS = {ItemState.OPEN: "🔧", ItemState.DONE: "✅", ItemState.DROPPED: "🚫"}
_VERBS = {
    ItemState.OPEN: (("Done", DONE), ("Won't do", DROP), ("Edit", EDIT)),
    ItemState.DONE: (("Reopen", REOPEN), ("Edit", EDIT)),
    ItemState.DROPPED: (("Reopen", REOPEN), ("Edit", EDIT)),
}
_LOST_WORDS = {
    IssueState.GONE: "its issue was deleted on GitHub",
    IssueState.MOVED: "its issue was transferred to another repository",
}
_NEEDS = {
    CloseGate.ISSUES: "an issue, or a repository to file it in",
    CloseGate.OWNERS: "an owner",
    CloseGate.DUE_DATES: "a due date",
    CloseGate.CATEGORIES: "a category",
}
NOTHING = {
    "mine": "You have no open action items.",
    "overdue": "No action item is overdue.",
    "all": f"There are no action items. Add one with `{COMMAND} action` in an incident's channel.",
    "open": "There are no open action items.",
}
ELSEWHERE = f"For those of all incidents, use `{COMMAND} actions` outside of incident channels."
MORE = f"{{number}} more. `{COMMAND} actions mine` and `{COMMAND} actions overdue` show fewer."
LOST_ADVICE = (
    "mayday can't tell the item's state. Choose *Done* or *Won't do* if it is finished, or link its new "
    f"issue with `{COMMAND} action`."
)
WITHDRAWN = "🔒 mayday withdrew this reminder because the incident is private now."


def value(verb: str, view: str, incident_id: str, item_id: str) -> str:
    """Return the value of a button or of a menu's option."""
    return f"{verb}:{view}:{incident_id}:{item_id}"


def incident_items(
    incident: Incident, items: Sequence[ActionItem], *, view: str, today: date, said: str = ""
) -> Post:
    """Return the action items of one incident. ``said`` confirms the last change."""
    heading = f"*Action items of {escape(incident.shown_title)}*"
    rows = [(item, line(item, today)) for item in items]
    return _list(heading, rows, view=view, notes=[said, ELSEWHERE])


def all_items(
    found: Sequence[ListedItem],
    problems: Mapping[str, str],
    *,
    view: str,
    today: date,
    said: str = "",
) -> Post:
    """Return the action items of all public incidents, those due first.

    ``problems`` says by repository what mayday can't read or change there.
    """
    rows = [(each.item, f"{line(each.item, today)} · {_home(each)}") for each in found]
    return _list("*Action items*", rows, view=view, notes=[said, *_problems(problems)])


def _list(
    heading: str, rows: Sequence[tuple[ActionItem, str]], *, view: str, notes: Iterable[str]
) -> Post:
    shown, room = [b.section(heading if rows else f"{heading}\n{NOTHING[view]}")], SHOWN_TEXT
    for number, (item, text) in enumerate(rows):
        room -= len(text)
        if number == SHOWN or room < 0:
            shown.append(b.context(MORE.format(number=len(rows) - number)))
            break
        shown.append(row(item, text, view=view))
    shown += [b.context(note) for note in notes if note]
    return Post(text=heading.strip("*"), blocks=tuple(shown))


def row(item: ActionItem, text: str, *, view: str = "") -> b.Block:
    """Return an item with a menu; after a choice from it, the list ``view`` takes the list's place."""
    options = [
        b.option(name, value(verb, view, item.incident_id, item.id))
        for name, verb in _VERBS[ItemState(item.state)]
    ]
    return b.section(text, accessory=b.overflow(ACTION_MENU, options))


def nag(incident: Incident, item: ActionItem, spec: JSON) -> Post:
    """Return a reminder to a person or to a channel; of a finished item, how it ended."""
    if spec.get("withdrawn"):
        return Post(text=WITHDRAWN, blocks=(b.section(WITHDRAWN),))
    title, link = _title(item), _tracked(item)
    of = f"of *{escape(incident.shown_title)}*"
    if item.state != ItemState.OPEN:
        ended = "is done" if item.state == ItemState.DONE else "won't be done"
        text = f"{_SIGNS[ItemState(item.state)]} *{title}* {of} {ended}, {_by(item)}.{_after(link)}"
        return Post(text=text, blocks=(b.section(text),))
    owner = f"<@{item.owner}>" if item.owner else "Nobody"
    if lost := spec.get("lost"):
        text = (
            f"⚠️ *{title}* {of}: {_LOST_WORDS[IssueState(str(lost))]}. {LOST_ADVICE}{_after(link)}"
        )
    else:
        due = _due(item, date.fromisoformat(str(spec["on"])))
        owned = f"{owner} owns it." if item.owner else "It has no owner."
        count = f" This is reminder {spec['number']}." if int(spec["number"]) > 1 else ""
        text = f"⏰ The action item *{title}* {of} {due}. {owned}{count}{_after(link)}"
    buttons = b.actions(
        *(
            b.button(label, action=action, value=value(verb, "", incident.id, item.id))
            for label, action, verb in (
                ("Done", ACTION_DONE, DONE),
                ("Won't do", ACTION_DROP, DROP),
                ("Change the due date or owner", ACTION_EDIT, EDIT),
            )
        )
    )
    return Post(text=text, blocks=(b.section(text), buttons))


def digest(found: Sequence[ListedItem], problems: Mapping[str, str], *, today: date) -> Post:
    """Return the weekly list of open action items, those due first."""
    overdue = sum(is_overdue(each.item, today) for each in found)
    unowned = sum(not each.item.owner for each in found)
    counts = [f"{len(found)} open"]
    counts += [f"{overdue} overdue"] if overdue else []
    counts += [f"{unowned} without an owner"] if unowned else []
    text = f"🔧 *Action items of incidents*: {', '.join(counts)}"
    lines = [f"• {line(each.item, today)} · {_home(each)}" for each in found[:IN_DIGEST]]
    more = len(found) - IN_DIGEST
    lines += [f"… and {more} more"] if more > 0 else []
    blocks = [b.section(text)]
    blocks += [b.section("\n".join(lines[at : at + 8])) for at in range(0, len(lines), 8)]
    notes = [f"`{COMMAND} actions` lists them with a menu for each.", *_problems(problems)]
    return Post(text=text.replace("*", ""), blocks=(*blocks, b.context(*notes)))


def changed(item: ActionItem) -> str:
    """The sentence that confirms that an item was finished, dropped or reopened."""
    words = {ItemState.OPEN: "is open again", ItemState.DONE: "is done"}
    said = words.get(ItemState(item.state), "won't be done")
    on_github = " mayday changes its issue, too." if item.issue_url else ""
    return f"{_SIGNS[ItemState(item.state)]} *{_title(item)}* {said}.{on_github}"


def gates(lacking: dict[CloseGate, list[ActionItem]]) -> str:
    """The sentence that refuses to close an incident whose items lack something."""
    parts = []
    for gate, items in lacking.items():
        named = ", ".join(f"“{typed(unescape(cut(item.title, 60)))}”" for item in items[:3])
        more = f" and {len(items) - 3} more" if len(items) > 3 else ""
        verb = "needs" if len(items) == 1 else "need"
        parts.append(f"{named}{more} {verb} {_NEEDS[gate]}")
    return (
        f"This incident can't be closed yet: {'; '.join(parts)}. "
        f"Use {COMMAND} actions in its channel, then close it again."
    )


def line(item: ActionItem, today: date) -> str:
    """Return an item on one line, with its owner, due date, category and link."""
    parts = [f"{_SIGNS[ItemState(item.state)]} *{_title(item)}*"]
    parts.append(f"<@{item.owner}>" if item.owner else "_no owner_")
    if item.due_on is not None:
        late = " ⚠️ overdue" if is_overdue(item, today) else ""
        parts.append(f"due {weekday_words(item.due_on)}{late}")
    parts += [escape(item.category)] if item.category else []
    parts += [link] if (link := _tracked(item)) else []
    if item.issue_state in LOST:
        parts.append(f"⚠️ {_LOST_WORDS[IssueState(item.issue_state)]}")
    elif item.state != ItemState.OPEN and item.state_by:
        parts.append(f"_{item.state} {_by(item)}_")
    return " · ".join(parts)


def _title(item: ActionItem) -> str:
    return typed(unescape(cut(item.title, TITLE)))


def _tracked(item: ActionItem) -> str:
    """The link to the issue or pull request of an item, else to its page; empty without one."""
    url = item.tracked_at or item.link
    if not url:
        return ""
    end = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    label = f"#{end}" if end.isdecimal() and item.tracked_at else "link"
    return f"<{escape(url)}|{label}>"


def _after(link: str) -> str:
    return f" {link}" if link else ""


def _by(item: ActionItem) -> str:
    return "on GitHub" if item.state_by == "github" else f"by {mention(item.state_by)}"


def _due(item: ActionItem, day: date) -> str:
    """Until when an item was to be done, as worded on a day."""
    if item.due_on is None:
        return "has no due date"
    is_ahead = item.due_on >= day
    return f"{'is' if is_ahead else 'was'} due on {weekday_words(item.due_on)}"


def _home(found: ListedItem) -> str:
    return f"<#{found.channel_id}>" if found.channel_id else escape(found.channel_name)


def _problems(found: Mapping[str, str]) -> list[str]:
    """What mayday couldn't read or change on GitHub, a sentence for each repository."""
    return [f"⚠️ {escape(name)}: {escape(error)}" for name, error in found.items()][:5]
