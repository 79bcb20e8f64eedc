"""The sections of the configuration that say who can do what."""

from __future__ import annotations

from pydantic import Field, field_validator

from bot import config_messages as messages
from bot.config_types import Section
from bot.domain.access import FOR_GUESTS, Act, Group


class Allow(Section):
    """People: Slack user ids and user group ids."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Access(Section):
    """Who can do what. Without ``approvers``, people who can run runbooks also approve them.

    ``guests`` are acts that guests may do, too. ``restrict`` gives for an act the groups that may do it,
    besides admins; without an entry every member of the workspace may.
    """

    admins: Allow = Allow()
    approvers: Allow = Allow()
    guests: tuple[Act, ...] = ()
    restrict: dict[Act, tuple[Group, ...]] = Field(default_factory=dict)

    @field_validator("guests")
    @classmethod
    def _can_be_opened(cls, value: tuple[Act, ...]) -> tuple[Act, ...]:
        if not FOR_GUESTS.issuperset(value):
            raise ValueError(messages.FOR_GUESTS.format(acts=_listed(FOR_GUESTS)))
        return value

    @field_validator("restrict")
    @classmethod
    def _can_be_restricted(
        cls, value: dict[Act, tuple[Group, ...]]
    ) -> dict[Act, tuple[Group, ...]]:
        if not FOR_GUESTS.issuperset(value):
            raise ValueError(messages.FOR_GUESTS.format(acts=_listed(FOR_GUESTS)))
        return value


def _listed(acts: frozenset[Act]) -> str:
    return ", ".join(sorted(acts))
