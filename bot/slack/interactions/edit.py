"""*Edit report*: its pages, the forms of its parts, and what the menus of entries and action items do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain import report_parts as parts
from bot.domain.incident import Incident
from bot.domain.state_change import StateChange
from bot.errors import UserError
from bot.render import edit_forms, edit_pages, forms
from bot.render.edit_forms import Conflict, Sheet, Typed, mark
from bot.render.edit_pages import Page, Said
from bot.render.text import cut, escape
from bot.services.edits import ChangedMeanwhileError
from bot.services.entries import ONLY_ANNOTATED
from bot.slack.commands import details
from bot.slack.context import HandlerContext
from bot.slack.edit_fields import Fields, entered, long_texts
from bot.slack.edit_parts import inputs_of, part_form
from bot.slack.edit_publishing import done, notice
from bot.slack.edit_view import part_name, view
from bot.slack.replies import (
    EphemeralReply,
    OpenModal,
    PushModal,
    StaleFormError,
    UpdateModal,
    say,
)
from bot.slack.request import SlackRequest

SAVED = "✏️ Saved: {name}."
UNCHANGED = "Nothing was changed."
MOVED = "↕️ The entry is moved."
REMOVED = "🗑️ The entry is removed. *Restore* in its menu brings it back."
RESTORED = "↩️ The entry is back in the timeline."
UNDONE = "↩️ The change is taken back."
CHANGED = (
    "Somebody changed “{label}” after you opened the form, so nothing is saved. It is now: “{theirs}”. "
    "You wrote: “{mine}”."
)

TRIES = 3
"""How often a change is tried again that another one came before."""


def open_(context: HandlerContext, request: SlackRequest, incident: Incident) -> OpenModal:
    """The first page."""
    shown = view(context, incident, Page.REPORT, may_publish=request.may_publish)
    return OpenModal(view=shown)


def turn(context: HandlerContext, request: SlackRequest, incident: Incident) -> UpdateModal:
    """Another page, in the place of the one that is open."""
    which, _, number = request.value.partition(":")
    shown = view(context, incident, Page(which), int(number or 0), may_publish=request.may_publish)
    return UpdateModal(id=request.form.id, hash=request.form.hash, view=shown)


def part(context: HandlerContext, request: SlackRequest, incident: Incident) -> PushModal:
    """The form of a part."""
    return PushModal(view=part_form(context, request, incident, request.value))


def submitted(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | UpdateModal:
    """Save the fields that were changed in the form; those that somebody else changed meanwhile stay.

    Raises:
        StaleFormError: somebody else has changed the same field meanwhile; nothing is saved.
        UserError: a value is not possible.
    """
    sheet = Sheet.read(request.form.subject)
    fields = Fields(context, incident, sheet.part)
    inputs = inputs_of(context, incident, fields)
    texts = long_texts(request.form, inputs, sheet)
    typed = entered(request.form, inputs, texts)
    change = _change(request, incident, mark(tuple(map(str, typed.values()))))
    changed = {name: one for name, one in typed.items() if mark(one) != sheet.base[name]}
    for attempt in range(TRIES):
        if context.edits.is_known(change):
            break
        values = context.edits.values(incident.id, fields.stored_part)
        shown = fields.shown(values)
        theirs = [
            name
            for name, mine in changed.items()
            if mark(shown[name]) not in (sheet.base[name], mark(mine))
        ]
        if theirs:
            conflicts = _conflicts(context, incident, fields, shown, theirs)
            raise StaleFormError(
                _told(conflicts[0], inputs, typed),
                view=edit_forms.form(
                    incident.id,
                    sheet.part,
                    inputs,
                    typed,
                    before=sheet,
                    texts=texts,
                    conflicts=conflicts,
                    notice=notice(context, incident, may_publish=request.may_publish),
                ),
                errors=dict.fromkeys(theirs, edit_forms.CONFLICT_AT_FIELD),
            )
        if not changed:
            break
        try:
            context.edits.save(
                change, fields.stored_part, expected=values, wanted=fields.wanted(values, changed)
            )
            break
        except ChangedMeanwhileError:
            if attempt == TRIES - 1:
                raise
    return _saved(context, request, incident, fields, change, is_changed=bool(changed))


def _saved(
    context: HandlerContext,
    request: SlackRequest,
    incident: Incident,
    fields: Fields,
    change: StateChange,
    *,
    is_changed: bool,
) -> EphemeralReply | UpdateModal:
    if fields.part == parts.DETAILS:  # opened alone, and not over the pages of the report
        return details.saved(context, incident, change)
    name = part_name(context, context.incidents.get(incident.id), fields.stored_part)
    text = SAVED.format(name=escape(cut(name, 100))) if is_changed else UNCHANGED
    if fields.part == parts.TIMES:
        order = edit_pages.out_of_order(context.incidents.get(incident.id))
        text += "".join(f"\n⚠️ {line}" for line in order)
    if fields.part == parts.TICKS:
        untrue = edit_pages.untrue_ticks(context.reports.untrue_ticks(incident.id))
        text += "".join(f"\n{line}" for line in untrue)
    revision = context.edits.of_act(change) if is_changed else None
    if revision:
        text += done(context, incident, change)
    if request.form.root in ("", request.form.id):
        return say(text)
    said = Said(text=text, undo=f"part:{revision.id}" if revision else "")
    is_item = parts.split(fields.part)[0] == parts.ITEM
    return page(context, request, incident, Page.ITEMS if is_item else Page.REPORT, said=said)


def _conflicts(
    context: HandlerContext,
    incident: Incident,
    fields: Fields,
    shown: Mapping[str, Typed],
    names: Sequence[str],
) -> list[Conflict]:
    """What somebody else wrote meanwhile into inputs that were changed, and who it was."""
    found = []
    for name in names:
        last = context.edits.last_change(incident.id, fields.stored_part, fields.stored_name(name))
        note = edit_forms.conflict_note(last.by if last else "", last.at if last else None)
        found.append(Conflict(field=name, theirs=shown[name], note=note))
    return found


def _told(
    conflict: Conflict, inputs: Sequence[edit_forms.Input], typed: Mapping[str, Typed]
) -> str:
    """The same for a person whose form is closed by now, with what they typed."""
    label = next(one.label for one in inputs if one.name == conflict.field)
    theirs, mine = (cut(str(one), 1000) for one in (conflict.theirs, typed[conflict.field]))
    return CHANGED.format(label=label, theirs=theirs, mine=mine)


def entry(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> PushModal | UpdateModal:
    """What the menu of an entry does: its forms, another place, removed, restored.

    Raises:
        UserError: the entry is gone or has moved, or can only be annotated.
    """
    verb, entry_id, *more = request.value.split(":")
    change, number = request.change(incident), int(entry_id)
    match verb:
        case edit_pages.UP | edit_pages.DOWN:
            context.record.move(change, number, int(more[0]), zone=context.settings.zone)
            said = Said(text=MOVED)
        case edit_pages.REMOVE:
            context.record.hide_entry(change, number)
            said = Said(text=REMOVED)
        case edit_pages.RESTORE:
            context.record.restore_entry(change, number)
            said = Said(text=RESTORED)
        case _:
            return _entry_form(context, request, incident, verb, number)
    said = replace(said, text=said.text + done(context, incident, change))
    return page(context, request, incident, Page.TIMELINE, said=said, entry_id=number)


def _entry_form(
    context: HandlerContext, request: SlackRequest, incident: Incident, verb: str, entry_id: int
) -> PushModal:
    line = context.record.line(incident.id, entry_id)
    if verb == edit_pages.ANNOTATE:
        return PushModal(view=forms.annotate_entry(incident.id, line))
    if not line.entry.kind.is_editable:
        raise UserError(ONLY_ANNOTATED)
    zone = context.settings.zone
    said = notice(context, incident, may_publish=request.may_publish)
    return PushModal(view=forms.edit_entry(incident.id, line, zone=zone, notice=said))


def item(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> PushModal | UpdateModal:
    """What the menu of an action item does: its form, or another state."""
    verb, _, item_id = request.value.partition(":")
    name = f"{parts.ITEM}/{item_id}"
    if verb not in parts.STATES:
        return PushModal(view=part_form(context, request, incident, name))
    change = request.change(incident)
    revision = context.edits.change(change, name, {"state": verb})
    text = SAVED.format(name=escape(cut(context.edits.name(incident.id, name), 100)))
    text += done(context, incident, change)
    said = Said(text=text, undo=f"part:{revision.id}" if revision else "")
    return page(context, request, incident, Page.ITEMS, said=said)


def add_item(context: HandlerContext, _request: SlackRequest, incident: Incident) -> PushModal:
    """The form of a new action item."""
    groups, categories = context.settings.groups, context.settings.items.categories
    view = forms.action_item(incident.id, groups=groups, categories=categories)
    return PushModal(view=view)


def undo(context: HandlerContext, request: SlackRequest, incident: Incident) -> UpdateModal:
    """Take a change back.

    Raises:
        UserError: what was changed has changed since.
    """
    kind, _, number = request.value.partition(":")
    change = request.change(incident)
    if kind == "entry":
        context.record.undo_change(change, int(number))
    else:
        context.edits.undo(change, int(number))
    which, _, place = request.form.subject.partition(":")
    said = Said(text=UNDONE + done(context, incident, change))
    return page(context, request, incident, Page(which), int(place or 0), said=said)


def page(
    context: HandlerContext,
    request: SlackRequest,
    incident: Incident,
    which: Page,
    number: int = 0,
    *,
    said: Said,
    entry_id: int = 0,
) -> UpdateModal:
    """The page below the form, or in which a button was pressed, as it is now."""
    shown = view(
        context,
        incident,
        which,
        number,
        may_publish=request.may_publish,
        said=said,
        entry_id=entry_id,
    )
    return UpdateModal(id=request.form.root, hash="", view=shown)


def _change(request: SlackRequest, incident: Incident, typed: str) -> StateChange:
    """The act of submitting a form; submitted again with other values it is another one."""
    change = request.change(incident)
    return replace(change, idempotency_key=f"{change.idempotency_key}/{typed}")
