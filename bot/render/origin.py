"""The reply in the thread of the message that an incident was declared from."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.incident import Incident
from bot.ports import Post
from bot.render import blocks as b
from bot.render.status import status_words
from bot.render.text import escape


@dataclass(frozen=True, kw_only=True)
class OriginSpec:
    """What the reply to the message shows that an incident was declared from."""

    channel_id: str
    title: str
    severity: str
    status: str
    ending: str
    by: str


def origin_spec(incident: Incident) -> OriginSpec:
    """What the reply to the message that the incident was declared from shows."""
    return OriginSpec(
        channel_id=incident.channel_id or "",
        title=incident.shown_title,
        severity=incident.severity,
        status=incident.status,
        ending=incident.ending.value,
        by=incident.declared_by,
    )


def origin_post(spec: OriginSpec) -> Post:
    """The reply, with a link to the incident's channel."""
    text = (
        f"🚨 <@{spec.by}> declared an incident from this message: *{escape(spec.title)}* · "
        f"{spec.severity} · {status_words(spec.status, spec.ending)} · follow it in "
        f"<#{spec.channel_id}>"
    )
    return Post(text=text, blocks=(b.section(text),))
