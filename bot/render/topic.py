"""The topic of an incident's channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.incident import Incident
from bot.render.text import escaped

TOPIC_LIMIT = 250
_BETWEEN = " · "
FEWEST = 10
"""Characters that the hubs have at least in the topic, or they are left out."""


@dataclass(frozen=True, kw_only=True)
class TopicSpec:
    """What the channel's topic shows: only what rarely changes, since Slack posts a message about each
    change of a topic, beside the one in which mayday says what changed."""

    title: str
    hubs: Sequence[str]


def topic_spec(incident: Incident) -> TopicSpec:
    """What the topic shows of an incident."""
    return TopicSpec(title=incident.shown_title, hubs=tuple(incident.hubs))


def topic(spec: TopicSpec) -> str:
    """The channel's topic: as much of the title and the hubs as fits."""
    title = escaped(spec.title, TOPIC_LIMIT)
    room = TOPIC_LIMIT - len(title) - len(_BETWEEN)
    if not spec.hubs or room < FEWEST:
        return title
    return f"{title}{_BETWEEN}{escaped(', '.join(spec.hubs), room)}"
