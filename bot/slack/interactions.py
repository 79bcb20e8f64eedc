"""Buttons, shortcuts and submitted forms, each by its id, and the service that each calls."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.incident import RESOLVED, Answers, Incident
from bot.domain.moments import read_moment
from bot.domain.slack_message import message_from, plain, typed
from bot.errors import UserError
from bot.render import card, forms, listing, runs
from bot.services.declare import Declaration
from bot.services.record import SHORTCUT
from bot.slack import commands
from bot.slack.ask import Ask, day
from bot.slack.desk import Desk
from bot.slack.replies import Errand, Later, Open, Reply, Say, Wrong, say
from bot.store import incidents as incident_rows

Handler = Callable[[Desk, Ask], Reply]

SHORTCUT_TIMELINE = "add_to_timeline"
SHORTCUT_ACTION = "file_action_item"
SHORTCUT_DECLARE = "declare"


# --- submitted forms ---------------------------------------------------------------------------


def _declared(desk: Desk, ask: Ask) -> Reply:
    values = ask.values
    incident = desk.declare.declare(
        Declaration(
            form=str(ask.view["id"]),
            team_id=ask.team_id,
            declared_by=ask.user,
            title=str(values.get("title") or ""),
            severity=str(values.get("severity") or ""),
            summary=str(values.get("summary") or ""),
            hubs=tuple(values.get("hubs") or ()),
            private="private" in (values.get("private") or ()),
            origin_channel=ask.metadata or None,
        )
    )
    text = f"🚨 Declared. You are being invited to #{incident.channel_name}; all the rest is there."
    return Later(work=lambda: say(text), channel=ask.metadata)


def _updated(desk: Desk, ask: Ask) -> Reply:
    incident = _of_form(desk, ask)
    text = typed(str(ask.values.get("text") or ""))
    status = str(ask.values.get("status") or incident.status)
    if status == incident.status:
        desk.changes.update(desk.act(ask, incident.id), text)
    else:
        desk.changes.status(desk.act(ask, incident.id), status, text)
    warning = commands.still_running(desk, incident.id) if status == RESOLVED else None
    return Later(work=lambda: warning, channel=incident.channel_id or "") if warning else None


def _item_added(desk: Desk, ask: Ask) -> Reply:
    incident_id, _, source = ask.metadata.partition("|")
    desk.changes.action_item(
        desk.act(ask, incident_id),
        str(ask.values.get("title") or ""),
        group=str(ask.values.get("group") or ""),
        owner=str(ask.values.get("owner") or ""),
        link=str(ask.values.get("link") or "").strip(),
        source=source,
    )
    return None


def _entry_edited(desk: Desk, ask: Ask) -> Reply:
    incident_id, _, entry_id = ask.metadata.partition("|")
    at_text = str(ask.values.get("at") or "").strip()
    zone = desk.settings.zone
    before = [e.entry.at for e in desk.record.lines(incident_id) if str(e.entry.id) == entry_id]
    at = None
    try:
        if at_text and at_text not in [forms.shown_time(was, zone) for was in before]:
            at = read_moment(at_text, zone=zone, now=desk.now())
    except UserError as exc:
        return Wrong(errors={"at": str(exc)})
    text = typed(str(ask.values.get("text") or ""))
    desk.record.rewrite(incident_id, int(entry_id), text=text, at=at)
    with desk.store.read() as tx:
        incident = incident_rows.get(tx, incident_id)
    done = say("✏️ The entry is changed. `/incident timeline` shows it.")
    return Later(work=lambda: done, channel=incident.channel_id or "")


def _run_chosen(desk: Desk, ask: Ask) -> Reply:
    incident = _of_form(desk, ask)
    runbook, hub = str(ask.values.get("runbook") or ""), str(ask.values.get("hub") or "")
    users = frozenset(str(ask.values.get("users") or "").replace(",", " ").split())
    book = desk.runs.books.get(runbook)
    if users and book and not book.takes_users:
        return Wrong(errors={"users": f"{book.title} works on a whole hub: leave this empty."})

    def work() -> None:
        desk.may_run(ask, incident.channel_id or "")
        desk.runs.ask(desk.act(ask, incident.id), runbook=runbook, hub=hub, users=users)

    return Errand(work=work, channel=incident.channel_id or "")


def _closed(desk: Desk, ask: Ask) -> Reply:
    incident = _of_form(desk, ask)
    values = ask.values
    desk.changes.close(
        desk.act(ask, incident.id),
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


def _confirm(desk: Desk, ask: Ask) -> Reply:
    def work() -> None:
        incident = _of_run(desk, ask)
        desk.may_run(ask, incident.channel_id or "")
        desk.runs.confirm(ask.value, ask.user)

    return Errand(work=work)


def _cancel(desk: Desk, ask: Ask) -> Reply:
    def work() -> None:
        incident = _of_run(desk, ask)
        desk.may_run(ask, incident.channel_id or "")
        desk.runs.cancel(ask.value, ask.user)

    return Errand(work=work)


def _retry(desk: Desk, ask: Ask) -> Reply:
    with desk.store.read() as tx:
        incident = incident_rows.get(tx, ask.value)
    desk.sync.retry(incident.id, ask.cause)
    if incident.closed_at is not None:
        desk.publish.ask(incident.id, ask.cause)
    return say("Trying again now; this message tells how it went.")


def _snooze(desk: Desk, ask: Ask) -> Reply:
    return commands.COMMANDS["snooze"].handler(desk, ask, ask.value)


def _mend_entry(desk: Desk, ask: Ask) -> Reply:
    incident = desk.incident(ask)
    verb, _, entry_id = ask.value.partition(":")
    if verb == listing.TAKE_OUT:
        desk.record.take_out(incident.id, int(entry_id))
        said = "Taken out. If it was a message, react to it again to bring it back."
        lines = desk.record.lines(incident.id)
        return Say(post=listing.timeline(incident, lines, said=said), replace=True)
    for line in desk.record.lines(incident.id):
        if str(line.entry.id) == entry_id:
            return Open(view=forms.edit_entry(incident.id, line, zone=desk.settings.zone))
    raise UserError("That entry is not in the timeline any more: look with /incident timeline.")


def _take_command(desk: Desk, ask: Ask) -> Reply:
    incident = desk.incident(ask)
    if incident.roles.get(card.COMMANDER, ask.user) != ask.user:
        raise UserError("There is a commander already: take over with /incident role commander.")
    desk.changes.role(desk.act(ask, incident.id), card.COMMANDER, ask.user)
    return None


def _command(name: str) -> Handler:
    return lambda desk, ask: commands.COMMANDS[name].handler(desk, ask, "")


# --- shortcuts ---------------------------------------------------------------------------------


def _add_to_timeline(desk: Desk, ask: Ask) -> Reply:
    incident = desk.incident(ask)
    message = message_from(ask.message, team_id=incident.team_id, channel_id=ask.channel)
    desk.record.said(message)
    desk.record.marked(incident.team_id, ask.channel, message.ts, ask.user, SHORTCUT)
    return Later(work=lambda: say("📌 It is in the timeline. `/incident timeline` shows it."))


def _file_action_item(desk: Desk, ask: Ask) -> Reply:
    incident = desk.incident(ask)
    message = message_from(ask.message, team_id=incident.team_id, channel_id=ask.channel)
    return Open(
        view=forms.action_item(
            incident.id,
            groups=desk.settings.groups,
            title=" ".join(plain(message.text).split()),
            source=f"message/{message.key}",
        )
    )


def _declare_shortcut(desk: Desk, ask: Ask) -> Reply:
    return commands.declare_form(desk, ask, "")


def _of_form(desk: Desk, ask: Ask) -> Incident:
    with desk.store.read() as tx:
        return incident_rows.get(tx, ask.metadata)


def _of_run(desk: Desk, ask: Ask) -> Incident:
    incident_id = desk.runs.incident_of(ask.value)
    with desk.store.read() as tx:
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
