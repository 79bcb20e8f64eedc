"""Action items by form: opened on a message, and submitted."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.item_words import title_of
from bot.domain.mrkdwn import typed
from bot.render import answers, forms
from bot.render.edit_pages import Page, Said
from bot.slack.context import HandlerContext
from bot.slack.edit_publishing import done
from bot.slack.interactions import edit
from bot.slack.replies import EphemeralReply, OpenModal, UpdateModal, say
from bot.slack.request import SlackRequest


def submitted(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | UpdateModal | None:
    """Add the action item; show it where the form was opened above the page of items."""
    form, change = request.form, request.change(incident)
    context.changes.action_item(
        change,
        typed(form.text("title")),
        group=form.text("new_group").strip() or form.text("group"),
        owner=form.text("owner"),
        link=form.text("link").strip(),
        due_on=form.day("due_on"),
        category=form.text("category"),
        repository=form.text("repository"),
        source=form.subject,
    )
    after = done(context, incident, change)
    said = answers.ITEM_ADDED + after
    if form.root in ("", form.id):
        return say(said) if after else None
    return edit.page(context, request, incident, Page.ITEMS, said=Said(text=said))


def shortcut(context: HandlerContext, request: SlackRequest, incident: Incident) -> OpenModal:
    """The form, filled with the message's words."""
    message = request.message
    words = message.text if message else ""
    return OpenModal(
        view=forms.action_item(
            incident.id,
            groups=context.reports.groups(incident.id),
            chosen=context.settings.groups[-1],
            categories=context.settings.items.categories,
            title=title_of(context.reports.named(request.team_id, words)),
            source=f"message/{message.key}" if message else "",
        )
    )
