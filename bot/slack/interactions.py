"""Buttons, shortcuts and submitted forms, each by its id, and the service that each calls."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.incident import RESOLVED, Answers, Incident
from bot.domain.slack_message import message_from, plain, typed
from bot.domain.time_parsing import parse_time
from bot.errors import UserError
from bot.render import card, forms, listing, runs
from bot.services.declare import Declaration
from bot.services.record import SHORTCUT
from bot.slack import commands
from bot.slack.context import HandlerContext
from bot.slack.replies import (
    DeferredReply,
    DurableReply,
    EphemeralReply,
    FieldErrors,
    OpenModal,
    Reply,
    say,
)
from bot.slack.request import SlackRequest, day
from bot.store import incidents as incident_rows

Handler = Callable[[HandlerContext, SlackRequest], Reply]

SHORTCUT_TIMELINE = "add_to_timeline"
SHORTCUT_ACTION = "file_action_item"
SHORTCUT_DECLARE = "declare"


# --- submitted forms ---------------------------------------------------------------------------


def _declared(context: HandlerContext, request: SlackRequest) -> Reply:
    values = request.values
    incident = context.declare.declare(
        Declaration(
            idempotency_key=str(request.view["id"]),
            team_id=request.team_id,
            declared_by=request.user,
            title=str(values.get("title") or ""),
            severity=str(values.get("severity") or ""),
            summary=str(values.get("summary") or ""),
            hubs=tuple(values.get("hubs") or ()),
            private="private" in (values.get("private") or ()),
            origin_channel=request.metadata or None,
        )
    )
    text = f"🚨 Declared. You are being invited to #{incident.channel_name}; all the rest is there."
    return DeferredReply(work=lambda: say(text), channel=request.metadata)


def _updated(context: HandlerContext, request: SlackRequest) -> Reply:
    incident = _of_form(context, request)
    text = typed(str(request.values.get("text") or ""))
    status = str(request.values.get("status") or incident.status)
    if status == incident.status:
        context.changes.update(context.change(request, incident.id), text)
    else:
        context.changes.status(context.change(request, incident.id), status, text)
    warning = commands.still_running(context, incident.id) if status == RESOLVED else None
    return (
        DeferredReply(work=lambda: warning, channel=incident.channel_id or "") if warning else None
    )


def _item_added(context: HandlerContext, request: SlackRequest) -> Reply:
    incident_id, _, source = request.metadata.partition("|")
    context.changes.action_item(
        context.change(request, incident_id),
        str(request.values.get("title") or ""),
        group=str(request.values.get("group") or ""),
        owner=str(request.values.get("owner") or ""),
        link=str(request.values.get("link") or "").strip(),
        source=source,
    )
    return None


def _entry_edited(context: HandlerContext, request: SlackRequest) -> Reply:
    incident_id, _, entry_id = request.metadata.partition("|")
    at_text = str(request.values.get("at") or "").strip()
    zone = context.settings.zone
    before = [e.entry.at for e in context.record.lines(incident_id) if str(e.entry.id) == entry_id]
    at = None
    try:
        if at_text and at_text not in [forms.shown_time(was, zone) for was in before]:
            at = parse_time(at_text, zone=zone, now=context.now())
    except UserError as exc:
        return FieldErrors(errors={"at": str(exc)})
    text = typed(str(request.values.get("text") or ""))
    context.record.rewrite(incident_id, int(entry_id), text=text, at=at)
    with context.store.read() as tx:
        incident = incident_rows.get(tx, incident_id)
    done = say("✏️ The entry is changed. `/incident timeline` shows it.")
    return DeferredReply(work=lambda: done, channel=incident.channel_id or "")


def _run_chosen(context: HandlerContext, request: SlackRequest) -> Reply:
    incident = _of_form(context, request)
    runbook, hub = str(request.values.get("runbook") or ""), str(request.values.get("hub") or "")
    users = frozenset(str(request.values.get("users") or "").replace(",", " ").split())
    book = context.runs.runbooks.get(runbook)
    if users and book and not book.takes_users:
        return FieldErrors(
            errors={"users": f"{book.title} works on a whole hub: leave this empty."}
        )

    def work() -> None:
        context.may_run(request, incident.channel_id or "")
        context.runs.ask(
            context.change(request, incident.id), runbook=runbook, hub=hub, users=users
        )

    return DurableReply(work=work, channel=incident.channel_id or "")


def _closed(context: HandlerContext, request: SlackRequest) -> Reply:
    incident = _of_form(context, request)
    values = request.values
    context.changes.close(
        context.change(request, incident.id),
        Answers(
            impact=str(values.get("impact") or "").strip(),
            conclusion=str(values.get("conclusion") or "").strip(),
            report_date=day(str(values.get("report_date") or ""), field_name="report_date"),
        ),
        title=str(values.get("title") or ""),
        summary=str(values.get("summary") or ""),
        hubs=_chosen_hubs(values["hubs"]) if "hubs" in values else incident.hubs,
    )
    return None


def _chosen_hubs(value: str | list[str]) -> tuple[str, ...]:
    """Hubs from a menu, or in words with commas."""
    names = value.split(",") if isinstance(value, str) else value
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


# --- buttons -----------------------------------------------------------------------------------


def _confirm(context: HandlerContext, request: SlackRequest) -> Reply:
    def work() -> None:
        incident = _of_run(context, request)
        context.may_run(request, incident.channel_id or "")
        context.runs.confirm(request.value, request.user)

    return DurableReply(work=work)


def _cancel(context: HandlerContext, request: SlackRequest) -> Reply:
    def work() -> None:
        incident = _of_run(context, request)
        context.may_run(request, incident.channel_id or "")
        context.runs.cancel(request.value, request.user)

    return DurableReply(work=work)


def _retry(context: HandlerContext, request: SlackRequest) -> Reply:
    with context.store.read() as tx:
        incident = incident_rows.get(tx, request.value)
    context.sync.retry(incident.id, request.idempotency_key)
    if incident.closed_at is not None:
        context.publish.ask(incident.id, request.idempotency_key)
    return say("Trying again now; this message tells how it went.")


def _snooze(context: HandlerContext, request: SlackRequest) -> Reply:
    return commands.COMMANDS["snooze"].handler(context, request, request.value)


def _mend_entry(context: HandlerContext, request: SlackRequest) -> Reply:
    incident = context.incident(request)
    verb, _, entry_id = request.value.partition(":")
    if verb == listing.HIDE:
        context.record.hide_entry(incident.id, int(entry_id))
        said = "Removed. If it was a message, react to it again to restore it."
        lines = context.record.lines(incident.id)
        return EphemeralReply(post=listing.timeline(incident, lines, said=said), replace=True)
    for line in context.record.lines(incident.id):
        if str(line.entry.id) == entry_id:
            return OpenModal(view=forms.edit_entry(incident.id, line, zone=context.settings.zone))
    raise UserError("That entry is not in the timeline any more: look with /incident timeline.")


def _take_command(context: HandlerContext, request: SlackRequest) -> Reply:
    incident = context.incident(request)
    if incident.roles.get(card.COMMANDER, request.user) != request.user:
        raise UserError("There is a commander already: take over with /incident role commander.")
    context.changes.role(context.change(request, incident.id), card.COMMANDER, request.user)
    return None


def _command(name: str) -> Handler:
    return lambda context, request: commands.COMMANDS[name].handler(context, request, "")


# --- shortcuts ---------------------------------------------------------------------------------


def _add_to_timeline(context: HandlerContext, request: SlackRequest) -> Reply:
    incident = context.incident(request)
    message = message_from(request.message, team_id=incident.team_id, channel_id=request.channel)
    context.record.record_message(message)
    context.record.tag(incident.team_id, request.channel, message.ts, request.user, SHORTCUT)
    return DeferredReply(
        work=lambda: say("📌 It is in the timeline. `/incident timeline` shows it.")
    )


def _file_action_item(context: HandlerContext, request: SlackRequest) -> Reply:
    incident = context.incident(request)
    message = message_from(request.message, team_id=incident.team_id, channel_id=request.channel)
    return OpenModal(
        view=forms.action_item(
            incident.id,
            groups=context.settings.groups,
            title=" ".join(plain(message.text).split()),
            source=f"message/{message.key}",
        )
    )


def _declare_shortcut(context: HandlerContext, request: SlackRequest) -> Reply:
    return commands.declare_form(context, request, "")


def _of_form(context: HandlerContext, request: SlackRequest) -> Incident:
    with context.store.read() as tx:
        return incident_rows.get(tx, request.metadata)


def _of_run(context: HandlerContext, request: SlackRequest) -> Incident:
    incident_id = context.runs.incident_of(request.value)
    with context.store.read() as tx:
        return incident_rows.get(tx, incident_id)


FORMS: dict[str, Handler] = {
    forms.DECLARE: _declared,
    forms.UPDATE: _updated,
    forms.ACTION_ITEM: _item_added,
    forms.EDIT_ENTRY: _entry_edited,
    forms.RUN: _run_chosen,
    forms.CLOSE: _closed,
}

BUTTONS: dict[str, Handler] = {
    runs.ACTION_CONFIRM: _confirm,
    runs.ACTION_CANCEL: _cancel,
    card.ACTION_UPDATE: _command("update"),
    card.ACTION_RUN: _command("run"),
    card.ACTION_TIMELINE: _command("timeline"),
    card.ACTION_RESOLVE: _command("resolve"),
    card.ACTION_CLOSE: _command("close"),
    card.ACTION_REOPEN: _command("reopen"),
    card.ACTION_REPORT: _command("report"),
    card.ACTION_RETRY: _retry,
    card.ACTION_SNOOZE: _snooze,
    card.ACTION_COMMAND: _take_command,
    listing.ACTION_DECLARE: _declare_shortcut,
    listing.ACTION_LIST: _command("list"),
    listing.ACTION_HELP: _command("help"),
    listing.ACTION_ENTRY: _mend_entry,
}

SHORTCUTS: dict[str, Handler] = {
    SHORTCUT_TIMELINE: _add_to_timeline,
    SHORTCUT_ACTION: _file_action_item,
    SHORTCUT_DECLARE: _declare_shortcut,
}
