"""Opens the review of a report, for the command and for the buttons."""

from __future__ import annotations

from typing import Any

from bot.domain.incident import Incident
from bot.errors import MaydayError
from bot.render import review
from bot.render.text import escape
from bot.slack.context import HandlerContext
from bot.slack.replies import OpenModal


def open_review(context: HandlerContext, incident: Incident) -> OpenModal:
    """The form; the text and GitHub's answers follow once it is open."""
    return OpenModal(view=review.loading(), then=lambda: form(context, incident.id))


def form(
    context: HandlerContext, incident_id: str, *, page: int = 0, token: str = ""
) -> dict[str, Any]:
    """A page of the form as of now, or a sentence about what can't be read.

    ``token`` is that of the text whose other pages the person has read. Of another text they see the first.
    """
    try:
        found = context.approvals.review(incident_id)
    except MaydayError as exc:
        return review.notice(f"⚠️ {escape(str(exc))}")
    return review.review_form(
        incident_id,
        found.token,
        found.composed.publication,
        replaced=found.composed.replaced,
        places=found.places,
        can_be_approved=found.can_be_approved,
        findings=context.reports.findings(incident_id),
        page=page if token == found.token else 0,
        is_changed=token not in ("", found.token),
    )
