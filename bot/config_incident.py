"""The configuration of incidents: severities, statuses, roles, reactions, and who is invited."""

from __future__ import annotations

import re
import string
from datetime import timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from bot import config_messages as messages
from bot.config_access import Allow
from bot.config_types import (
    EmojiName,
    OptionalEmojiName,
    OptionTexts,
    Section,
    Weekday,
    Word,
    Words,
    require_menu,
    require_unique,
    require_zone,
)
from bot.domain import business_hours
from bot.domain.actions import DEFAULT_GROUPS
from bot.domain.emoji import first_name
from bot.domain.incident import CLOSED, RESOLVED
from bot.domain.item_policy import CloseGate
from bot.domain.timeline import Heading

NAME_LIMIT = 60
"""The length of a channel's name without its slug; Slack's limit is 80 with it."""
LONGEST_DESCRIPTION = 200


class Severity(Section):
    """A severity, with the interval of reminders to post an update. ``lead_minutes`` is after how long mayday
    reminds people that nobody leads; 0 stands for never."""

    name: Word
    description: str = ""
    reminder_minutes: float = Field(gt=0)
    lead_minutes: float = Field(default=10, ge=0)

    @property
    def interval(self) -> timedelta:
        """The time between two reminders."""
        return timedelta(minutes=self.reminder_minutes)


class Role(Section):
    """A role. One ``leads``, by default the first; one ``speaks`` outward, by default the one that leads."""

    name: Word
    description: str = Field(default="", max_length=LONGEST_DESCRIPTION)
    leads: bool = False
    speaks: bool = False


class Invite(Allow):
    """Whom to invite to incidents of these severities and hubs; none stands for all.

    ``on_call`` are names of schedules. The first person who is on call gets ``role``, if nobody has it.
    """

    severity: tuple[str, ...] = ()
    hubs: tuple[str, ...] = ()
    on_call: tuple[str, ...] = ()
    role: str = ""
    private: bool = False

    @model_validator(mode="after")
    def _invites_somebody(self) -> Invite:
        if not (self.users or self.groups or self.on_call):
            raise ValueError(messages.INVITE_NOBODY)
        if self.role and not self.on_call:
            raise ValueError(messages.ROLE_OF_NOBODY)
        return self


class BusinessHours(Section):
    """When people are reminded of incidents of these severities. ``timezone`` is by default the reports'."""

    severities: Words
    days: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")
    hours: str = "09:00-17:00"
    timezone: str = ""

    @field_validator("severities", "days")
    @classmethod
    def _not_empty(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise ValueError(messages.LIST_ONE)
        return value

    @field_validator("hours")
    @classmethod
    def _can_be_read(cls, value: str) -> str:
        begins, ends = _span(value)
        if not begins < ends:
            raise ValueError(messages.HOURS)
        return value

    @field_validator("timezone")
    @classmethod
    def _exists(cls, value: str) -> str:
        return require_zone(value) if value else value

    def in_zone(self, zone: ZoneInfo) -> business_hours.BusinessHours:
        """Return the hours; ``zone`` is that of the reports."""
        begins, ends = _span(self.hours)
        return business_hours.BusinessHours(
            days=frozenset(get_args(Weekday).index(day) for day in self.days),
            begins=begins,
            ends=ends,
            zone=ZoneInfo(self.timezone) if self.timezone else zone,
            severities=frozenset(self.severities),
        )


def _span(value: str) -> tuple[int, int]:
    """Return the minutes after midnight at which the hours begin and end.

    Raises:
        ValueError: they are not hours such as 09:00-17:00.
    """
    found = re.fullmatch(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", value.strip())
    begins, ends = (
        (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
        if found
        else (0, 0)
    )
    if not found or int(found[2]) > 59 or int(found[4]) > 59 or ends > business_hours.DAY:
        raise ValueError(messages.HOURS)
    return begins, ends


DEFAULT_ROLES = (
    Role(name="commander", description="decides, and keeps the overview", leads=True),
    Role(name="communications", description="writes the updates", speaks=True),
    Role(name="scribe", description="keeps the timeline"),
)


class Incident(Section):
    """The team's severities, statuses, roles and reactions, and the names of channels.

    A role that is only named is the default role of that name, if there is one. ``declare_reaction`` is the
    emoji that declares an incident from a message; empty for none.
    """

    severities: tuple[Severity, ...] = (
        Severity(
            name="sev1", description="everyone is affected", reminder_minutes=15, lead_minutes=5
        ),
        Severity(name="sev2", description="many are affected", reminder_minutes=30),
        Severity(name="sev3", description="few are affected", reminder_minutes=60, lead_minutes=20),
    )
    statuses: Words = ("investigating", "fixing", "monitoring", RESOLVED, CLOSED)
    roles: tuple[Role, ...] = DEFAULT_ROLES
    declarer_leads: bool = True
    reactions: dict[EmojiName, Heading] = Field(
        default_factory=lambda: {
            "pushpin": Heading.TIMELINE,
            "fire": Heading.WRONG,
            "four_leaf_clover": Heading.LUCKY,
            "wrench": Heading.ACTION,
            "memo": Heading.SUMMARY,
        }
    )
    declare_reaction: OptionalEmojiName = ""
    action_groups: OptionTexts = DEFAULT_GROUPS
    channel_name: str = "inc-{date}-{slug}"
    close_requires: tuple[CloseGate, ...] = ()
    stale_hours: float = Field(default=4, ge=0)
    rollback_minutes: float = Field(default=10, ge=0)
    rollback_runbook: str = "roll-back"
    business_hours: BusinessHours | None = None
    invite: tuple[Invite, ...] = ()

    @field_validator("statuses")
    @classmethod
    def _has_both_ends(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value[-2:] != (RESOLVED, CLOSED) or len(value) < 3:
            raise ValueError(messages.STATUSES)
        return value

    @field_validator("severities", "roles", "action_groups")
    @classmethod
    def _not_empty(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise ValueError(messages.LIST_ONE)
        return value

    @field_validator("roles", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        known = {role.name: role for role in DEFAULT_ROLES}
        return [
            known.get(each, {"name": each}) if isinstance(each, str) else each for each in value
        ]

    @field_validator("roles")
    @classmethod
    def _are_clear(cls, value: tuple[Role, ...]) -> tuple[Role, ...]:
        require_unique([role.name for role in value])
        require_menu(value)
        if sum(role.leads for role in value) > 1 or sum(role.speaks for role in value) > 1:
            raise ValueError(messages.ROLES)
        return value

    @field_validator("severities")
    @classmethod
    def _has_unique_names(cls, value: tuple[Severity, ...]) -> tuple[Severity, ...]:
        require_unique([severity.name for severity in value])
        require_menu(value)
        return value

    @field_validator("reactions")
    @classmethod
    def _mean_one_thing(cls, value: dict[str, Heading]) -> dict[str, Heading]:
        if len({(first_name(name), heading) for name, heading in value.items()}) != len(
            {first_name(name) for name in value}
        ):
            raise ValueError(messages.REACTIONS)
        return value

    @field_validator("channel_name")
    @classmethod
    def _known_fields(cls, value: str) -> str:
        try:
            fields = [part[1:] for part in string.Formatter().parse(value) if part[1] is not None]
        except ValueError:
            fields = []
        if not fields or any(
            part not in (("date", "", None), ("slug", "", None)) for part in fields
        ):
            raise ValueError(messages.PLACEHOLDERS)
        if len(value.format(date="2026-11-28", slug="")) > NAME_LIMIT:
            raise ValueError(messages.TOO_LONG_A_NAME.format(limit=NAME_LIMIT))
        return value

    @model_validator(mode="after")
    def _names_exist(self) -> Incident:
        severities = {severity.name for severity in self.severities}
        roles = {role.name for role in self.roles}
        hours = self.business_hours.severities if self.business_hours else ()
        invited = [name for rule in self.invite for name in rule.severity]
        given = [rule.role for rule in self.invite if rule.role]
        for key, what, names, known in (
            ("business_hours.severities", "severity", hours, severities),
            ("invite.severity", "severity", invited, severities),
            ("invite.role", "role", given, roles),
        ):
            if unknown := set(names) - known:
                listed = ", ".join(sorted(unknown))
                raise ValueError(messages.UNKNOWN_NAMES.format(key=key, what=what, names=listed))
        return self
