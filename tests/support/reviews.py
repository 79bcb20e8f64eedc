"""People who review a report and approve it: in Slack, and as a row."""

from __future__ import annotations

from typing import Any

from bot.domain.publication import TargetKind
from bot.domain.state_change import StateChange
from bot.render.review import ACTION_REVIEW, PUBLISH, Place
from bot.services.approval import Approvals
from bot.services.compose import Composer
from bot.store.engine import Store
from sandbox.slack import Person, SlackSandbox
from tests.support.bot import Scene


def approved(
    store: Store, composer: Composer, approvals: Approvals, incident_id: str, by: str = "UADA"
) -> None:
    """Somebody has approved the text as it is now, for its public targets."""
    composed = composer.composed(incident_id)
    if not composed.digest:
        return
    places = tuple(
        Place(kind=target.kind.value, repository=target.repository, visibility="public")
        for target in dict.fromkeys(each.target for each in composed.publication.documents)
        if target.kind is not TargetKind.FOLDER
    )
    key = f"approved/{composed.digest}"
    change = StateChange(incident_id=incident_id, by=by, idempotency_key=key)
    with store.write() as tx:
        approvals.record(tx, change, composed.digest, places)


def requests(slack: SlackSandbox, channel: str) -> list[dict[str, Any]]:
    """The messages in a channel that ask for a review."""
    return [m for m in slack.messages(channel) if ACTION_REVIEW in str(m.get("blocks"))]


def open_review(
    slack: SlackSandbox, person: Person, channel: str, *, within: float = 30
) -> dict[str, Any]:
    """Press the button of the latest request; return the form once it shows the report."""
    slack.wait_for(lambda: bool(requests(slack, channel)), within, what="the request for a review")
    person.press(channel, requests(slack, channel)[-1]["ts"], ACTION_REVIEW)
    slack.wait_for(lambda: is_shown(person), within, what="the report in the form")
    return dict(person.views()[-1])


def is_shown(person: Person) -> bool:
    """Whether the form with the report is open and can be submitted."""
    return any(view["callback_id"] == PUBLISH and view.get("submit") for view in person.views())


def review(slack: SlackSandbox, person: Person, channel: str, *, within: float = 30) -> None:
    """Review the report of a channel's incident, and approve it."""
    view = open_review(slack, person, channel, within=within)
    assert person.submit(view["id"], {}) == {}


def review_in(scene: Scene, channel: str) -> None:
    """Ana reviews and approves."""
    review(scene.slack, scene.ana, channel)
