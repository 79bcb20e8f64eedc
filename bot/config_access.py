"""The sections of the configuration that say who can do what."""

from __future__ import annotations

import re
from collections.abc import Collection

from pydantic import Field, field_validator

from bot import config_messages as messages
from bot.config_types import Section
from bot.domain.access import FOR_GUESTS, RESTRICTABLE, Act, Group


class Allow(Section):
    """People: Slack user ids and user group ids."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @field_validator("users")
    @classmethod
    def _are_user_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _ids(value, r"[UW][A-Z0-9]+", messages.USER_IDS)

    @field_validator("groups")
    @classmethod
    def _are_group_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _ids(value, r"S[A-Z0-9]+", messages.GROUP_IDS)


class Access(Section):
    """Who can do what. Without ``approvers``, people who can run runbooks also approve them.

    ``guests`` are acts that guests may do, too. ``restrict`` gives for an act the groups that may do it,
    besides admins; without an entry every member of the workspace may.
    """

    admins: Allow = Allow()
    approvers: Allow = Allow()
    guests: tuple[Act, ...] = ()
    restrict: dict[Act, tuple[Group, ...]] = Field(default_factory=dict)

    @field_validator("guests", mode="before")
    @classmethod
    def _can_be_opened(cls, value: object) -> object:
        return _among(value, FOR_GUESTS)

    @field_validator("restrict", mode="before")
    @classmethod
    def _can_be_restricted(cls, value: object) -> object:
        return _among(value, RESTRICTABLE)


def _among(value: object, acts: frozenset[Act]) -> object:
    """Return the value if it names only these acts.

    Raises:
        ValueError: it names another one.
    """
    if isinstance(value, Collection) and not isinstance(value, str):
        unknown = [act for act in value if act not in acts]
        if unknown:
            raise ValueError(messages.FOR_GUESTS.format(acts=", ".join(sorted(acts))))
    return value


def _ids(value: tuple[str, ...], pattern: str, message: str) -> tuple[str, ...]:
    """Return the ids. A name such as ``ana`` would silently be nobody's.

    Raises:
        ValueError: one doesn't match the pattern.
    """
    if not all(re.fullmatch(pattern, id_) for id_ in value):
        raise ValueError(message)
    return value
