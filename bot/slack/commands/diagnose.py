"""``/incident diagnose [hub]``: says what is wrong with a hub, in any channel.

In an incident's channel everybody gets the answer: responders decide together, whoever comes later reads
it, and nobody has to run it again to see it. Elsewhere only the person who asked sees it, since no incident
exists and they may be mistaken; they can post it or declare one.
"""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import forms, hub_menu
from bot.render.diagnose import Audience, diagnosis_post
from bot.services.run import NO_HUB, NO_HUBS
from bot.slack.context import HandlerContext
from bot.slack.matching import same_word
from bot.slack.replies import DeferredReply, DurableReply, EphemeralReply, OpenModal, Reply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest, incident: Incident | None) -> Reply:
    """Diagnose the hub that was typed, the only one, or the incident's; else open the form to choose one.

    Raises:
        UserError: no hub is configured, or there is none of this name.
    """
    hub = _typed(context, request.marks) if request.text else _only(context, incident)
    return diagnose(context, request, incident, hub) if hub else _form(context, request, incident)


def button(context: HandlerContext, request: SlackRequest, incident: Incident | None) -> Reply:
    """Diagnose the incident's hub; with several, open the form to choose one."""
    hub = _only(context, incident)
    return diagnose(context, request, incident, hub) if hub else _form(context, request, incident)


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident | None) -> Reply:
    """Diagnose the hub that was chosen, for the channel where the form was opened."""
    hub = request.form.text(hub_menu.HUB)
    context.diagnoses.site(hub)
    return diagnose(context, request, incident, hub, channel=request.form.subject)


def diagnose(
    context: HandlerContext,
    request: SlackRequest,
    incident: Incident | None,
    hub: str,
    *,
    channel: str = "",
) -> DeferredReply:
    """Diagnose a hub after the acknowledgement.

    In an incident the request is stored first: what everybody is shown must not be lost. What only one
    person sees may be: they ask again.
    """
    channel = channel or request.channel
    if incident is None:
        return DeferredReply(
            work=lambda: _for_the_asker(context, request, hub, channel), channel=channel
        )
    shown_in = incident

    def work() -> None:
        kept = context.diagnoses.make(
            hub,
            by=request.user,
            idempotency_key=request.idempotency_key,
            origin=request.origin,
            incident_id=shown_in.id,
        )
        context.diagnoses.post(request.change(shown_in), kept, channel=shown_in.channel_id or "")

    return DurableReply(work=work, channel=channel)


def _for_the_asker(
    context: HandlerContext, request: SlackRequest, hub: str, channel: str
) -> EphemeralReply:
    kept = context.diagnoses.make(
        hub, by=request.user, idempotency_key=request.idempotency_key, origin=request.origin
    )
    shown = diagnosis_post(kept.found, id=kept.id, by=kept.by, audience=Audience.ASKER)
    return EphemeralReply(post=shown, channel=channel)


def _typed(context: HandlerContext, text: str) -> str:
    hubs = context.diagnoses.hubs
    hub = same_word(text.strip(), hubs)
    if hub not in hubs and hubs:
        raise UserError(NO_HUB.format(hub=text.strip(), known=", ".join(hubs)))
    context.diagnoses.site(hub)
    return hub


def _only(context: HandlerContext, incident: Incident | None) -> str:
    """The hub that is meant without a name; empty where it may be one of several."""
    hubs = context.diagnoses.hubs
    if not hubs:
        raise UserError(NO_HUBS)
    meant = [hub for hub in incident.hubs if hub in hubs] if incident else []
    choice = meant or hubs
    return choice[0] if len(choice) == 1 else ""


def _form(context: HandlerContext, request: SlackRequest, incident: Incident | None) -> OpenModal:
    """The form, with the incident's hubs first."""
    hubs = context.diagnoses.hubs
    first = [hub for hub in incident.hubs if hub in hubs] if incident else []
    return OpenModal(
        view=forms.diagnose(
            incident.id if incident else "",
            hubs=list(dict.fromkeys((*first, *hubs))),
            channel=request.channel,
        )
    )
