"""``/incident``: what people type, word by word, and the service that each command calls."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import CLOSED, RESOLVED
from bot.domain.report import Form, Gap
from bot.domain.slack_message import link_in, plain
from bot.domain.time_parsing import other_occurrence, parse_time, split_time
from bot.errors import UserError
from bot.render import card, forms, listing
from bot.render.report import MISSING
from bot.render.text import escape, when
from bot.slack.context import HandlerContext
from bot.slack.replies import DeferredReply, DurableReply, EphemeralReply, OpenModal, Reply, say
from bot.slack.request import SlackRequest
from bot.store import incidents as incident_rows

SHORTEST_HEADING = 3
"""So many letters name a heading of action items: ``tech: add an alert``, ``docs: …``."""

PUBLISHED_BEFORE = " This incident is closed: `/incident publish` brings it into the report."

STILL_RUNNING = (
    "⚠️ The incident is resolved, but `{runbook}` is still running on {hub}: its thread will say how it "
    "ended."
)

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")

Handler = Callable[[HandlerContext, SlackRequest, str], Reply]


@dataclass(frozen=True, kw_only=True)
class Command:
    """One subcommand: how it is typed, what it does, who answers."""

    usage: str
    help: str
    handler: Handler


def answer(context: HandlerContext, request: SlackRequest) -> Reply:
    """Answer ``/incident …``; an unknown word gets the closest one that is known."""
    word, rest = _first(request.text)
    word = word.lower()
    if not word:
        return _menu(context, request, "")
    command = COMMANDS.get(word)
    if command is None:
        close = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.5)
        hint = f" Did you mean `/incident {close[0]}`?" if close else ""
        return say(
            f"There is no command “{escape(word[:40])}”.{hint} `/incident help` lists them all."
        )
    return command.handler(context, request, rest)


def _first(text: str) -> tuple[str, str]:
    """The first word and the rest; people break lines, too."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, "".join(rest)


def _among(word: str, words: Iterable[str]) -> str:
    """The one of these that is meant, in whatever case it is typed; else what was typed."""
    return next((one for one in words if one.casefold() == word.casefold()), word)


def declare_form(context: HandlerContext, request: SlackRequest, title: str) -> OpenModal:
    """The declare form, filled with a title that may come from a command, escaped, or be empty."""
    return OpenModal(
        view=forms.declare(
            title=" ".join(plain(title).split()),
            policy=context.settings.policy,
            descriptions=context.severity_help,
            hubs=list(context.settings.hubs),
            origin=request.channel,
        )
    )


def timeline(context: HandlerContext, request: SlackRequest, _rest: str) -> EphemeralReply:
    """The timeline, with buttons to mend it."""
    incident = context.incident(request)
    return EphemeralReply(post=listing.timeline(incident, context.record.lines(incident.id)))


def report(context: HandlerContext, request: SlackRequest, _rest: str) -> DeferredReply:
    """The report as it stands."""
    incident = context.incident(request)

    def work() -> EphemeralReply:
        first, *more = listing.preview(context.reports.draft(incident.id))
        return EphemeralReply(post=first, more=tuple(more))

    return DeferredReply(work=work)


def run(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    """A runbook by name, or the form to choose one."""
    incident = context.incident(request)
    words = rest.replace(",", " ").split()
    runbooks, hubs = context.runs.runbooks, context.runs.hubs
    if not hubs:
        raise UserError("No hub is configured: add hubs and clusters to mayday.yaml.")
    if not words:
        listed = [(runbook.name, runbook.title, runbook.help) for runbook in runbooks.values()]
        return OpenModal(view=forms.run(incident.id, runbooks=listed, hubs=hubs))
    if words[0] not in runbooks:
        close = difflib.get_close_matches(words[0], runbooks, n=1, cutoff=0.4)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UserError(f"There is no runbook “{words[0]}”.{hint} They are {', '.join(runbooks)}.")
    named = [word for word in words[1:] if word in hubs]
    if not named and len(hubs) > 1:
        raise UserError(
            f"Say on which hub: /incident run {words[0]} {hubs[0]} (or {', '.join(hubs[1:])})."
        )
    hub = named[0] if named else hubs[0]
    users = frozenset(plain(word).lstrip("@") for word in words[1:] if word not in hubs)
    if users and not runbooks[words[0]].takes_users:
        raise UserError(f"{words[0]} works on a whole hub: leave out {', '.join(sorted(users))}.")

    def work() -> None:
        context.may_run(request, request.channel)
        context.runs.ask(
            context.change(request, incident.id), runbook=words[0], hub=hub, users=users
        )

    return DurableReply(work=work)


def update(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    """Tell people how things stand."""
    incident = context.incident(request)
    if not rest:
        return OpenModal(view=forms.update(incident, policy=context.settings.policy))
    context.changes.update(context.change(request, incident.id), rest)
    return None


def _declare(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    return declare_form(context, request, rest)


def _note(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    incident = context.incident(request)
    typed, text = split_time(rest)
    now = context.now()
    zone = context.settings.zone
    at = parse_time(typed, zone=zone, now=now) if typed else now
    fresh = context.record.note(
        incident.id,
        by=request.user,
        text=text,
        at=at,
        precise=bool(typed) and at.second != 0,
        idempotency_key=request.idempotency_key,
    )
    verb = "Noted" if fresh else "Noted already"
    later = PUBLISHED_BEFORE if incident.closed_at is not None else ""
    if not typed:
        return say(f"📌 {verb} in the timeline.{later}")
    local = at.astimezone(zone)
    stamp = local.strftime(_stamp(local))
    if other := other_occurrence(at, zone):
        written = other.strftime(_stamp(other) + "%z")
        later += f" That time occurred twice (DST). For {other.tzname()}, write `at {written}`."
    return say(f"📌 {verb} at {stamp} {local.tzname()} ({when(at)} for you).{later}")


def _stamp(at: datetime) -> str:
    return "%Y-%m-%d %H:%M:%S" if at.second else "%Y-%m-%d %H:%M"


def _status(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    incident = context.incident(request)
    policy = context.settings.policy
    if not rest:
        return say(
            f"The status is *{incident.status}*, severity {incident.severity}, declared "
            f"{when(incident.declared_at)}. Change it with `/incident status "
            f"{'|'.join((*policy.open_statuses, 'resolved'))}`."
        )
    word, text = _first(rest)
    status = _among(word, policy.statuses)
    if status == CLOSED:
        return _close(context, request, "")
    context.changes.status(context.change(request, incident.id), status, text)
    return still_running(context, incident.id) if status == RESOLVED else None


def still_running(context: HandlerContext, incident_id: str) -> EphemeralReply | None:
    """A warning about runs that go on although their incident is over."""
    under_way = context.runs.under_way(incident_id)
    lines = [STILL_RUNNING.format(runbook=run.runbook, hub=escape(run.hub)) for run in under_way]
    return say("\n".join(lines)) if lines else None


def _severity(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    incident = context.incident(request)
    if not rest:
        listed = "\n".join(f"• {name}: {text}" for name, text in context.severity_help.items())
        return say(
            f"The severity is *{incident.severity}*; change it with `/incident severity`:\n{listed}"
        )
    severity = _among(rest.split()[0], context.settings.policy.severities)
    context.changes.severity(context.change(request, incident.id), severity)
    return None


def _role(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    incident = context.incident(request)
    roles = context.settings.policy.roles
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
    context.changes.role(
        context.change(request, incident.id), role, found[1] if found else request.user
    )
    return None


def _action(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    incident = context.incident(request)
    groups = context.settings.groups
    if not rest:
        return OpenModal(view=forms.action_item(incident.id, groups=groups))
    group = ""
    head, colon, tail = rest.partition(":")
    start = plain(head).strip().lower().removesuffix("s")
    named = [name for name in groups if name.lower().startswith(start)]
    if colon and len(start) >= SHORTEST_HEADING and len(named) == 1:
        group, rest = named[0], tail.strip()
    title, link = link_in(rest)
    context.changes.action_item(
        context.change(request, incident.id), plain(title), group=group, link=link
    )
    return None


def _resolve(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    incident = context.incident(request)
    context.changes.status(context.change(request, incident.id), RESOLVED, rest)
    return still_running(context, incident.id)


def _reopen(context: HandlerContext, request: SlackRequest, _rest: str) -> Reply:
    incident = context.incident(request)
    context.changes.reopen(context.change(request, incident.id))
    return None


def _close(context: HandlerContext, request: SlackRequest, _rest: str) -> Reply:
    return close_form(context, request)


def close_form(context: HandlerContext, request: SlackRequest) -> OpenModal:
    """Ask for what the report still needs.

    Raises:
        UserError: the incident is still open, or closed already.
    """
    incident = context.incident(request)
    if incident.is_open:
        raise UserError("Resolve the incident first with /incident resolve, then close it.")
    if incident.closed_at is not None:
        raise UserError("This incident is closed already; /incident report shows its report.")
    missing = context.reports.missing(incident.id)
    return OpenModal(
        view=forms.close(
            incident,
            summary=incident.summary,
            zone=context.settings.zone,
            now=context.now(),
            gaps=[MISSING[gap] for gap in missing if gap is not Gap.DATE],
            hubs=list(context.settings.hubs),
            wants_hubs_and_impact=context.settings.report_form == Form.AFTER_ACTION,
        )
    )


def _list(context: HandlerContext, request: SlackRequest, _rest: str) -> Reply:
    with context.store.read() as tx:
        found = incident_rows.recent(tx, request.team_id)
    shown = [i for i in found if not i.private or i.channel_id == request.channel]
    return EphemeralReply(post=listing.incidents(shown))


def _publish(context: HandlerContext, request: SlackRequest, _rest: str) -> Reply:
    incident = context.incident(request)
    if incident.closed_at is None:
        raise UserError("The report is published when the incident is closed: /incident close.")
    context.publish.ask(incident.id, request.idempotency_key)
    return say("The report is being published again; what is there already stays as it is.")


def _snooze(context: HandlerContext, request: SlackRequest, rest: str) -> Reply:
    incident = context.incident(request)
    minutes = int(rest) if rest.isdigit() else 15
    if not 1 <= minutes <= 24 * 60:
        raise UserError("Snooze for 1 to 1440 minutes: /incident snooze 30.")
    due = context.changes.snooze(context.change(request, incident.id), minutes)
    return say(f"The next reminder comes {when(due)}.")


def _help(context: HandlerContext, _request: SlackRequest, _rest: str) -> Reply:
    rows = {name: f"`/incident {c.usage}` {c.help}" for name, c in COMMANDS.items()}
    return EphemeralReply(
        post=listing.help_(rows, AFTERWARDS, card.legend(context.settings.reactions))
    )


def _menu(context: HandlerContext, request: SlackRequest, _rest: str) -> Reply:
    incident = context.record.incident_of(request.team_id, request.channel)
    return EphemeralReply(post=listing.menu(incident, context.settings.policy.roles))


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
