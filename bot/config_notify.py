"""The configuration of texts for the people served: who they are, where they read, and what they are told."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from bot import config_messages as messages
from bot.config_types import OptionText, Section, Word, require_menu, require_unique
from bot.domain.audiences import OPEN, TEXT_LIMIT, is_template
from bot.domain.incident import CLOSED


def _channel(value: str) -> str:
    if not re.fullmatch(r"#[^\s#<>]{1,80}|[CG][A-Z0-9]{6,}", value):
        raise ValueError(messages.CHANNEL)
    return value


def _template(value: str) -> str:
    if not value.strip() or len(value) > TEXT_LIMIT:
        raise ValueError(messages.TEXT_LENGTH.format(limit=TEXT_LIMIT))
    if not is_template(value):
        raise ValueError(messages.TEXT_FIELDS)
    return value


ChannelName = Annotated[str, AfterValidator(_channel)]
"""A channel, as ``#name`` or an id."""
Template = Annotated[str, AfterValidator(_template)]


class Audience(Section):
    """People served, such as students. ``texts`` are by status, ``open`` or ``resolved``."""

    name: Word
    channels: tuple[ChannelName, ...] = Field(default=(), max_length=10)
    hubs: tuple[OptionText, ...] = ()
    texts: dict[str, Template] = Field(default_factory=dict)


class Communication(Section):
    """Who reads about outages outside of incident channels."""

    audiences: tuple[Audience, ...] = ()

    @field_validator("audiences")
    @classmethod
    def _fit_a_menu(cls, value: tuple[Audience, ...]) -> tuple[Audience, ...]:
        require_unique([audience.name for audience in value])
        require_menu(value)
        return value

    def require_known(self, statuses: Sequence[str], hubs: Collection[str]) -> None:
        """Return if the audiences name only statuses and hubs that there are.

        Raises:
            ValueError: one names another.
        """
        known = (OPEN, *(status for status in statuses if status != CLOSED))
        for each in self.audiences:
            for status in each.texts.keys() - set(known):
                found = {"audience": each.name, "status": status, "known": ", ".join(known)}
                raise ValueError(messages.NO_STATUS.format(**found))
            for hub in set(each.hubs) - set(hubs):
                raise ValueError(messages.NO_HUB.format(audience=each.name, hub=hub))
