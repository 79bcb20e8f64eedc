"""``/incident``: what people type, word by word, and the service that each command calls."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import CLOSED, RESOLVED
from bot.domain.moments import read_moment, split_at, twin
from bot.domain.report import Form, Gap
from bot.domain.slack_message import link_in, plain
from bot.errors import UserError
from bot.render import card, forms, listing
from bot.render.report import MISSING
from bot.render.text import escape, when
from bot.slack.ask import Ask
from bot.slack.desk import Desk
from bot.slack.replies import Errand, Later, Open, Reply, Say, say
from bot.store import incidents as incident_rows

SHORTEST_HEADING = 3
"""So many letters name a heading of action items: ``tech: add an alert``, ``docs: …``."""

PUBLISHED_BEFORE = " This incident is closed: `/incident publish` brings it into the report."

STILL_RUNNING = (
    "⚠️ The incident is resolved, but `{runbook}` is still running on {hub}: its thread will say how it "
    "ended."
)

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")

Handler = Callable[[Desk, Ask, str], Reply]


@dataclass(frozen=True, kw_only=True)
class Command:
    """One subcommand: how it is typed, what it does, who answers."""

    usage: str
    help: str
    handler: Handler


def answer(desk: Desk, ask: Ask) -> Reply:
    """Answer ``/incident …``; an unknown word gets the closest one that is known."""
    word, rest = _first(ask.text)
    word = word.lower()
    if not word:
        return _menu(desk, ask, "")
    command = COMMANDS.get(word)
    if command is None:
        close = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.5)
        hint = f" Did you mean `/incident {close[0]}`?" if close else ""
        return say(
            f"There is no command “{escape(word[:40])}”.{hint} `/incident help` lists them all."
        )
    return command.handler(desk, ask, rest)


def _first(text: str) -> tuple[str, str]:
    """The first word and the rest; people break lines, too."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, "".join(rest)


def _among(word: str, words: Iterable[str]) -> str:
    """The one of these that is meant, in whatever case it is typed; else what was typed."""
    return next((one for one in words if one.casefold() == word.casefold()), word)


def declare_form(desk: Desk, ask: Ask, title: str) -> Open:
    """The declare form, filled with a title that may come from a command, escaped, or be empty."""
    return Open(
        view=forms.declare(
            title=" ".join(plain(title).split()),
            policy=desk.settings.policy,
            descriptions=desk.severity_help,
            hubs=list(desk.settings.hubs),
            origin=ask.channel,
        )
    )


def timeline(desk: Desk, ask: Ask, _rest: str) -> Say:
    """The timeline, with buttons to mend it."""
    incident = desk.incident(ask)
    return Say(post=listing.timeline(incident, desk.record.lines(incident.id)))


def report(desk: Desk, ask: Ask, _rest: str) -> Later:
    """The report as it stands."""
    incident = desk.incident(ask)

    def work() -> Say:
        first, *more = listing.preview(desk.reports.draft(incident.id))
        return Say(post=first, more=tuple(more))

    return Later(work=work)


def run(desk: Desk, ask: Ask, rest: str) -> Reply:
    """A runbook by name, or the form to choose one."""
    incident = desk.incident(ask)
    words = rest.replace(",", " ").split()
    books, hubs = desk.runs.books, desk.runs.hubs
    if not hubs:
        raise UserError("No hub is configured: add hubs and clusters to mayday.yaml.")
    if not words:
        listed = [(book.name, book.title, book.help) for book in books.values()]
        return Open(view=forms.run(incident.id, books=listed, hubs=hubs))
    if words[0] not in books:
        close = difflib.get_close_matches(words[0], books, n=1, cutoff=0.4)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UserError(f"There is no runbook “{words[0]}”.{hint} They are {', '.join(books)}.")
    named = [word for word in words[1:] if word in hubs]
    if not named and len(hubs) > 1:
        raise UserError(
            f"Say on which hub: /incident run {words[0]} {hubs[0]} (or {', '.join(hubs[1:])})."
        )
    hub = named[0] if named else hubs[0]
    users = frozenset(plain(word).lstrip("@") for word in words[1:] if word not in hubs)
    if users and not books[words[0]].takes_users:
        raise UserError(f"{words[0]} works on a whole hub: leave out {', '.join(sorted(users))}.")

    def work() -> None:
        desk.may_run(ask, ask.channel)
        desk.runs.ask(desk.act(ask, incident.id), runbook=words[0], hub=hub, users=users)

    return Errand(work=work)


def update(desk: Desk, ask: Ask, rest: str) -> Reply:
    """Tell people how things stand."""
    incident = desk.incident(ask)
    if not rest:
        return Open(view=forms.update(incident, policy=desk.settings.policy))
    desk.changes.update(desk.act(ask, incident.id), rest)
    return None


def _declare(desk: Desk, ask: Ask, rest: str) -> Reply:
    return declare_form(desk, ask, rest)


def _note(desk: Desk, ask: Ask, rest: str) -> Reply:
    incident = desk.incident(ask)
    typed, text = split_at(rest)
    now = desk.now()
    zone = desk.settings.zone
    at = read_moment(typed, zone=zone, now=now) if typed else now
    fresh = desk.record.note(
        incident.id,
        by=ask.user,
        text=text,
        at=at,
        precise=bool(typed) and at.second != 0,
        cause=ask.cause,
    )
    verb = "Noted" if fresh else "Noted already"
    later = PUBLISHED_BEFORE if incident.closed_at is not None else ""
    if not typed:
        return say(f"📌 {verb} in the timeline.{later}")
    local = at.astimezone(zone)
    stamp = local.strftime(_stamp(local))
    if other := twin(at, zone):
        written = other.strftime(_stamp(other) + "%z")
        later += f" The clocks showed that twice: for {other.tzname()} write `at {written}`."
    return say(f"📌 {verb} at {stamp} {local.tzname()} ({when(at)} for you).{later}")


def _stamp(at: datetime) -> str:
    return "%Y-%m-%d %H:%M:%S" if at.second else "%Y-%m-%d %H:%M"


def _status(desk: Desk, ask: Ask, rest: str) -> Reply:
    incident = desk.incident(ask)
    policy = desk.settings.policy
    if not rest:
        return say(
            f"The status is *{incident.status}*, severity {incident.severity}, declared "
            f"{when(incident.declared_at)}. Change it with `/incident status "
            f"{'|'.join((*policy.open_statuses, 'resolved'))}`."
        )
    word, text = _first(rest)
    status = _among(word, policy.statuses)
    if status == CLOSED:
        return _close(desk, ask, "")
    desk.changes.status(desk.act(ask, incident.id), status, text)
    return still_running(desk, incident.id) if status == RESOLVED else None


def still_running(desk: Desk, incident_id: str) -> Say | None:
    """A warning about runs that go on although their incident is over."""
    under_way = desk.runs.under_way(incident_id)
    lines = [STILL_RUNNING.format(runbook=run.runbook, hub=escape(run.hub)) for run in under_way]
    return say("\n".join(lines)) if lines else None


def _severity(desk: Desk, ask: Ask, rest: str) -> Reply:
    incident = desk.incident(ask)
    if not rest:
        listed = "\n".join(f"• {name}: {text}" for name, text in desk.severity_help.items())
        return say(
            f"The severity is *{incident.severity}*; change it with `/incident severity`:\n{listed}"
        )
    severity = _among(rest.split()[0], desk.settings.policy.severities)
    desk.changes.severity(desk.act(ask, incident.id), severity)
    return None


def _role(desk: Desk, ask: Ask, rest: str) -> Reply:
    incident = desk.incident(ask)
    roles = desk.settings.policy.roles
    word, whom = _first(rest)
    if not word:
        shown = "\n".join(
            f"• {role}: "
            + (f"<@{incident.roles[role]}>" if role in incident.roles else "nobody yet")
            for role in roles
        )
        return say(f"{shown}\nTake one with `/incident role {roles[0]}`, give it with `… @name`.")
    role = _among(word, roles)
    if role not in roles:
        close = difflib.get_close_matches(role.lower(), roles, n=1, cutoff=0.4)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UserError(f"There is no role “{word}”.{hint} They are {', '.join(roles)}.")
    found = _PERSON.search(whom)
    if whom.strip() and not found and whom.strip().lower() != "me":
        raise UserError(f"Name the person with an @: /incident role {role} @name.")
    desk.changes.role(desk.act(ask, incident.id), role, found[1] if found else ask.user)
    return None


def _action(desk: Desk, ask: Ask, rest: str) -> Reply:
    incident = desk.incident(ask)
    groups = desk.settings.groups
    if not rest:
        return Open(view=forms.action_item(incident.id, groups=groups))
    group = ""
    head, colon, tail = rest.partition(":")
    start = plain(head).strip().lower().removesuffix("s")
    named = [name for name in groups if name.lower().startswith(start)]
    if colon and len(start) >= SHORTEST_HEADING and len(named) == 1:
        group, rest = named[0], tail.strip()
    title, link = link_in(rest)
    desk.changes.action_item(desk.act(ask, incident.id), plain(title), group=group, link=link)
    return None


def _resolve(desk: Desk, ask: Ask, rest: str) -> Reply:
    incident = desk.incident(ask)
    desk.changes.status(desk.act(ask, incident.id), RESOLVED, rest)
    return still_running(desk, incident.id)


def _reopen(desk: Desk, ask: Ask, _rest: str) -> Reply:
    incident = desk.incident(ask)
    desk.changes.reopen(desk.act(ask, incident.id))
    return None


def _close(desk: Desk, ask: Ask, _rest: str) -> Reply:
    return close_form(desk, ask)


def close_form(desk: Desk, ask: Ask) -> Open:
    """Ask for what the report still needs.

    Raises:
        UserError: the incident is still open, or closed already.
    """
    incident = desk.incident(ask)
    if incident.is_open:
        raise UserError("Resolve the incident first with /incident resolve, then close it.")
    if incident.closed_at is not None:
        raise UserError("This incident is closed already; /incident report shows its report.")
    missing = desk.reports.missing(incident.id)
    return Open(
        view=forms.close(
            incident,
            summary=incident.summary,
            zone=desk.settings.zone,
            now=desk.now(),
            gaps=[MISSING[gap] for gap in missing if gap is not Gap.DATE],
            hubs=list(desk.settings.hubs),
            wants_hubs_and_impact=desk.settings.report_form == Form.AFTER_ACTION,
        )
    )


def _list(desk: Desk, ask: Ask, _rest: str) -> Reply:
    with desk.store.read() as tx:
        found = incident_rows.recent(tx, ask.team_id)
    shown = [i for i in found if not i.private or i.channel_id == ask.channel]
    return Say(post=listing.incidents(shown))


def _publish(desk: Desk, ask: Ask, _rest: str) -> Reply:
    incident = desk.incident(ask)
    if incident.closed_at is None:
        raise UserError("The report is published when the incident is closed: /incident close.")
    desk.publish.ask(incident.id, ask.cause)
    return say("The report is being published again; what is there already stays as it is.")


def _snooze(desk: Desk, ask: Ask, rest: str) -> Reply:
    incident = desk.incident(ask)
    minutes = int(rest) if rest.isdigit() else 15
    if not 1 <= minutes <= 24 * 60:
        raise UserError("Snooze for 1 to 1440 minutes: /incident snooze 30.")
    due = desk.changes.snooze(desk.act(ask, incident.id), minutes)
    return say(f"The next reminder comes {when(due)}.")


def _help(desk: Desk, _ask: Ask, _rest: str) -> Reply:
    rows = {name: f"`/incident {c.usage}` {c.help}" for name, c in COMMANDS.items()}
    return Say(post=listing.help_(rows, AFTERWARDS, card.legend(desk.settings.reactions)))


def _menu(desk: Desk, ask: Ask, _rest: str) -> Reply:
    incident = desk.record.incident_of(ask.team_id, ask.channel)
    return Say(post=listing.menu(incident, desk.settings.policy.roles))


COMMANDS: dict[str, Command] = {
    "declare": Command(usage="declare [title]", help="opens an incident", handler=_declare),
    "note": Command(
        usage="note [at 14:05] text",
        help="writes a line into the timeline, also with a date: `at 2017-02-23 21:10:57`",
        handler=_note,
    ),
    "timeline": Command(usage="timeline", help="shows the timeline, to mend it", handler=timeline),
    "status": Command(
        usage="status fixing [text]", help="says how far the work is", handler=_status
    ),
    "severity": Command(usage="severity sev1", help="says how bad it is", handler=_severity),
    "role": Command(usage="role commander [@name]", help="takes or gives a role", handler=_role),
    "update": Command(usage="update [text]", help="tells people how things stand", handler=update),
    "run": Command(
        usage="run [runbook] [hub] [users]",
        help="makes a plan of a runbook; nothing happens before it is confirmed",
        handler=run,
    ),
    "action": Command(
        usage="action [heading: text link]",
        help="adds an action item, under a heading: `tech: add an alert`",
        handler=_action,
    ),
    "resolve": Command(
        usage="resolve [text]", help="says that the outage is over", handler=_resolve
    ),
    "close": Command(
        usage="close", help="asks what the report still needs and publishes it", handler=_close
    ),
    "reopen": Command(usage="reopen", help="takes the incident up again", handler=_reopen),
    "report": Command(usage="report", help="shows the report as it stands", handler=report),
    "publish": Command(usage="publish", help="publishes the report again", handler=_publish),
    "snooze": Command(usage="snooze [minutes]", help="puts the next reminder off", handler=_snooze),
    "list": Command(usage="list", help="lists the incidents", handler=_list),
    "help": Command(usage="help", help="shows this", handler=_help),
}
AFTERWARDS = ("action", "resolve", "close", "reopen", "report", "publish")
"""The commands that help lists apart, since nobody needs them while it burns."""
