"""``/incident notify``: the text for the people served, to send or to copy, and its form."""

from __future__ import annotations

from bot.domain.audiences import Audience
from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import notify as words
from bot.services.notify import IS_PRIVATE, NO_CHANNELS
from bot.slack.context import HandlerContext
from bot.slack.planning import request_plan
from bot.slack.replies import EphemeralReply, OpenModal, Reply, RunbookReply, UpdateModal
from bot.slack.request import SlackRequest

RUNBOOK = "notify-users"
OWN_WORDS = "own words"


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> Reply:
    """Open the form with the text; show it for copying where mayday may not or can't send it.

    Raises:
        UserError: there is no such audience.
    """
    name = request.marks.strip()
    found = context.notify.audiences(incident)
    with_channels = [one for one in found if one.channels]
    chosen = context.notify.audience(name) if name else (with_channels or found)[0]
    draft = context.notify.draft(incident, chosen)
    if incident.private or not chosen.channels:
        why = IS_PRIVATE if incident.private else NO_CHANNELS.format(name=chosen.name)
        hubs = [] if incident.private else _pages(context, incident)
        post = words.copied(incident, chosen, draft, why=why, hubs=hubs)
        return EphemeralReply(post=post)
    return OpenModal(
        view=words.form(incident, [chosen, *_others(with_channels, chosen)], chosen, draft)
    )


def choose(context: HandlerContext, request: SlackRequest, incident: Incident) -> UpdateModal:
    """Show the text for the audience that was chosen, in the place of the one before."""
    chosen = context.notify.audience(request.value)
    every = [one for one in context.notify.audiences(incident) if one.channels]
    view = words.form(
        incident, [chosen, *_others(every, chosen)], chosen, context.notify.draft(incident, chosen)
    )
    return UpdateModal(id=request.form.id, hash=request.form.hash, view=view)


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Send exactly the text that the person saw.

    Raises:
        UserError: it can't be sent; the input says why.
    """
    chosen = context.notify.audience(request.form.subject)
    field = f"{words.TEXT}/{chosen.name}"
    text = request.form.text(field).strip()
    try:
        context.notify.send(request.change(incident), chosen, text)
    except UserError as exc:
        raise UserError(str(exc), field=field) from exc
    post = words.sent(incident, chosen, text, hubs=_pages(context, incident))
    return EphemeralReply(post=post)


def page(context: HandlerContext, request: SlackRequest, incident: Incident | None) -> RunbookReply:
    """Plan to show the text on a hub's page, as the runbook does: the plan is approved like any other."""
    _incident_id, hub, text = words.page_asked(request.value)

    def work() -> EphemeralReply | None:
        arguments = {"about": OWN_WORDS, "words": text}
        return request_plan(
            context, request, incident, runbook=RUNBOOK, hub=hub, arguments=arguments
        )

    return RunbookReply(work=work, runbook=RUNBOOK)


def of_page(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident for which a text is to be shown on a hub's page."""
    return context.incidents.get(words.page_asked(request.value)[0])


def _others(found: list[Audience], chosen: Audience) -> list[Audience]:
    return [one for one in found if one.name != chosen.name]


def _pages(context: HandlerContext, incident: Incident) -> list[str]:
    """The incident's hubs whose page can show a text."""
    if RUNBOOK not in context.runs.runbooks:
        return []
    return [hub for hub in incident.hubs if context.runs.has_notices(hub)]
