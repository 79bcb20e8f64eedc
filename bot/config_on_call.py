"""The configuration of on-call schedules: calendars, and schedules of PagerDuty."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator, model_validator

from bot import config_messages as messages
from bot.config_types import Address, OptionalToken, Section, Word


class PagerDuty(Section):
    """The account of PagerDuty: a token that can read. ``api_url`` is another one in the EU."""

    token: OptionalToken = None
    api_url: Address = "https://api.pagerduty.com"


class OnCall(Section):
    """A schedule: a calendar ``ical``, which is a path or an address, or the id of one of PagerDuty.

    It is for these hubs, or for all. ``people`` are Slack user ids by what the schedule calls a person.
    """

    name: Word
    ical: SecretStr | None = None
    pagerduty: str = ""
    hubs: tuple[str, ...] = ()
    people: dict[str, str] = Field(default_factory=dict)

    @field_validator("people")
    @classmethod
    def _are_user_ids(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(re.fullmatch(r"[UW][A-Z0-9]+", user) for user in value.values()):
            raise ValueError(messages.USER_IDS)
        return value

    @model_validator(mode="after")
    def _has_one_source(self) -> OnCall:
        if (self.ical is None) is (self.pagerduty == ""):
            raise ValueError(messages.ONE_SOURCE)
        return self
