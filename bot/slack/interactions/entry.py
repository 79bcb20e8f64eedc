"""Timeline entries: added from a message, edited, removed and annotated."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.incident import Incident
from bot.domain.mrkdwn import typed, unescape
from bot.errors import UserError
from bot.render import answers, forms, listing
from bot.render.edit_forms import mark
from bot.render.edit_pages import Page, Said
from bot.render.long_text import LongText
from bot.services.entries import ONLY_ANNOTATED, EntryChangedError
from bot.slack.context import HandlerContext
from bot.slack.edit_publishing import done, notice
from bot.slack.interactions import edit
from bot.slack.replies import EphemeralReply, OpenModal, StaleFormError, UpdateModal, say
from bot.slack.request import SlackRequest

NO_MESSAGE = "Use this shortcut in the menu of a message."


def shortcut(context: HandlerContext, request: SlackRequest, _incident: Incident) -> EphemeralReply:
    """Add the message to the timeline.

    Raises:
        UserError: the shortcut was not used on a message.
    """
    if request.message is None:
        raise UserError(NO_MESSAGE)
    context.record.file_message(
        request.message, by=request.user, seen_ts=request.acted_ts, origin=request.origin
    )
    return say(answers.MESSAGE_ADDED)


def menu(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """The form to edit or annotate an entry, or the timeline without the entry that was removed.

    Raises:
        UserError: the entry is gone, or can only be annotated.
    """
    verb, _, entry_id = request.value.partition(":")
    if verb == listing.HIDE:
        change = request.change(incident)
        context.record.hide_entry(change, int(entry_id))
        latest = context.record.latest(incident.id, listing.SHOWN_LINES)
        said = answers.ENTRY_REMOVED + done(context, incident, change)
        post = listing.timeline(incident, latest, zone=context.settings.zone, said=said)
        return EphemeralReply(post=post, replace=True)
    line = context.record.line(incident.id, int(entry_id))
    if verb == listing.ANNOTATE:
        return OpenModal(view=forms.annotate_entry(incident.id, line))
    if not line.entry.kind.is_editable:
        raise UserError(ONLY_ANNOTATED)
    said = notice(context, incident, may_publish=request.may_publish)
    view = forms.edit_entry(incident.id, line, zone=context.settings.zone, notice=said)
    return OpenModal(view=view)


def submitted(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | UpdateModal:
    """Change the entry; the time changes only if its text in the form did.

    A time without a date is on the entry's day.

    Raises:
        UserError: the time cannot be read, or the entry is gone or is not what the form shows.
    """
    form, zone, time = request.form, context.settings.zone, None
    subject, version, joints = (*form.subject.split("|"), "", "")[:3]
    entry_id, at_text = int(subject), form.text("at").strip()
    line = context.record.line(incident.id, entry_id)
    words = LongText.entered("text", joints, form.text)
    if at_text and at_text != forms.shown_time(line.entry, zone):
        try:
            day = line.entry.at.astimezone(zone).date()
            time = replace(context.reader, day=day).time(at_text)
        except UserError as exc:
            raise UserError(str(exc), field="at") from exc
    change = request.change(incident)
    is_same = mark(words.whole) == mark(unescape(line.text))
    text = line.text if is_same else typed(words.whole)
    try:
        distance = context.record.rewrite(change, entry_id, text=text, time=time, version=version)
    except EntryChangedError as exc:
        line = context.record.line(incident.id, entry_id)
        again = forms.edit_entry(incident.id, line, zone=zone, typed=words, typed_at=at_text)
        raise StaleFormError(str(exc), view=again, errors={"text": str(exc)}) from exc
    said = answers.entry_changed(time, zone=zone, distance=distance)
    said += done(context, incident, change)
    return _said(context, request, incident, said, entry_id=entry_id)


def _said(
    context: HandlerContext,
    request: SlackRequest,
    incident: Incident,
    said: str,
    *,
    entry_id: int,
) -> EphemeralReply | UpdateModal:
    """The page of entries below the form, where it was opened from there; else a message."""
    form = request.form
    if form.root in ("", form.id):
        return say(said)
    return edit.page(
        context, request, incident, Page.TIMELINE, said=Said(text=said), entry_id=entry_id
    )


def undo(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Remove the note that the same person just added.

    Raises:
        UserError: it is somebody else's, has changed since, or is gone.
    """
    _verb, entry_id, version = (*request.value.split(":"), "")[:3]
    context.record.undo_note(request.change(incident), int(entry_id), version=version)
    return replace(say(answers.NOTE_UNDONE), replace=True)


def annotated(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | UpdateModal:
    """Add a text below the entry.

    Raises:
        UserError: the entry is gone, or the text is empty or too long.
    """
    text = typed(request.form.text("text"))
    entry_id = int(request.form.subject)
    change = request.change(incident)
    context.record.annotate(change, entry_id, text)
    said = answers.ENTRY_ANNOTATED + done(context, incident, change)
    return _said(context, request, incident, said, entry_id=entry_id)
