"""The paragraph in the channel's canvas that shows the incident's state, beside what people write there.

mayday changes only the one section that has its mark. It looks the section up before each change. Where it
finds none or several, it leaves the canvas alone, and the card says so: the card is always complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import structlog

from bot.domain.mrkdwn import Mentions, Named
from bot.domain.resources import ResourceKind, as_json
from bot.errors import UserError
from bot.ports import EXISTS, JSON, UNAVAILABLE, Canvases, Chat
from bot.render import canvas
from bot.render.card import CardSpec
from bot.render.markdown import Names
from bot.services.incident_snapshot import Snapshot
from bot.services.reconciler import GONE, Resource
from bot.services.settings import Settings

SCOPES = frozenset({"canvases:read", "canvases:write"})
"""Slack's scopes without which there are no canvases."""

NOT_HERE = "unavailable"
REMOVED = "removed"
SEVERAL = "several"
"""Why a canvas isn't kept up to date, as its reference says in ``off``."""

SAID = {
    REMOVED: "mayday's paragraph in the channel's canvas was removed. This card shows the incident's state.",
    SEVERAL: (
        "The channel's canvas has mayday's paragraph more than once, so mayday doesn't change it. This card "
        "shows the incident's state."
    ),
}

log = structlog.get_logger()


def said(snap: Snapshot) -> str:
    """What the card says about a canvas that isn't kept up to date; empty where there is nothing to say."""
    return SAID.get(str(snap.ref(ResourceKind.CANVAS).get("off") or ""), "")


class ChannelCanvas:
    """Derives it from snapshots.

    ``named`` finds the names of people and channels of a workspace, ``granted`` returns the token's scopes.
    """

    def __init__(
        self,
        chat: Chat,
        settings: Settings,
        named: Callable[[str, Mentions], Named],
        granted: Callable[[], frozenset[str]],
    ) -> None:
        self._granted = granted
        self._chat = chat
        self._settings = settings
        self._named = named

    def of(self, snap: Snapshot, shown: CardSpec) -> Iterator[Resource]:
        """The paragraph, where the token has the scopes; it shows what the card does."""
        if not self._granted() >= SCOPES:
            return
        write = partial(self._written, snap, shown)
        yield Resource(
            incident_id=snap.incident.id,
            kind=ResourceKind.CANVAS,
            spec=as_json(shown, leave_out=("reactions", "durations", "times", "canvas")),
            create=lambda: _create(self._chat.canvases, snap.channel, write()),
            find=lambda _since: _find(self._chat.canvases, snap.channel),
            update=lambda ref: _update(self._chat.canvases, ref, write),
        )

    def _written(self, snap: Snapshot, shown: CardSpec) -> str:
        found = self._named(snap.incident.team_id, canvas.mentioned(shown))
        names = Names(
            people=found.people,
            groups=found.groups,
            channels=found.channels,
            zone=self._settings.zone,
        )
        return canvas.paragraph(shown, names)


def _create(canvases: Canvases, channel: str, text: str) -> JSON:
    """Create the channel's canvas, or add the paragraph to the one that people created."""
    try:
        made = canvases.create(channel, title=canvas.TITLE, markdown=text + canvas.NOTES)
        return {"canvas": made, "off": ""}
    except UserError as exc:
        if exc.code not in EXISTS:
            return _off(exc)
    try:
        found = canvases.of_channel(channel)
        if not found:
            return {"off": NOT_HERE}
        sections = canvases.sections(found, canvas.MARK)
        if not sections:
            canvases.insert(found, text)
        elif len(sections) == 1:
            canvases.replace(found, sections[0], text)
    except UserError as exc:
        return _off(exc)
    return {"canvas": found, "off": SEVERAL if len(sections) > 1 else ""}


def _find(canvases: Canvases, channel: str) -> JSON | None:
    """Find the paragraph that an earlier attempt may have written."""
    found = canvases.of_channel(channel)
    if not found or not (sections := canvases.sections(found, canvas.MARK)):
        return None
    return {"canvas": found, "off": SEVERAL if len(sections) > 1 else ""}


def _update(canvases: Canvases, ref: JSON, write: Callable[[], str]) -> JSON:
    """Change the paragraph where there is exactly one."""
    if "canvas" not in ref:
        return {}
    try:
        sections = canvases.sections(str(ref["canvas"]), canvas.MARK)
        if len(sections) != 1:
            return {"off": SEVERAL if sections else REMOVED}
        canvases.replace(str(ref["canvas"]), sections[0], write())
    except UserError as exc:
        return _off(exc)
    return {"off": ""}


def _off(exc: UserError) -> JSON:
    """Leave a canvas alone that is gone or that this workspace doesn't have.

    Raises:
        UserError: it is another error.
    """
    if exc.code == GONE:
        return {"off": REMOVED}
    if exc.code not in UNAVAILABLE:
        raise exc
    log.info("canvas.unavailable", reason=exc.code)
    return {"off": NOT_HERE}
