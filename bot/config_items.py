"""The configuration of action items: their categories, and who is reminded of them."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from pydantic import Field

from bot.config_types import OptionTexts, Section, Weekday
from bot.domain.item_policy import DEFAULT_CATEGORIES


class Nag(Section):
    """Who is reminded of open action items. Items without a due date are in the weekly digest only.

    ``escalate_to`` is a channel, as ``#name`` or an id, or a person's user id.
    """

    owner: bool = True
    every_days: float = Field(default=7, ge=1)
    escalate_after: int = Field(default=3, ge=1)
    escalate_to: str = ""
    digest_channel: str = ""
    digest_day: Weekday = "monday"

    @property
    def every(self) -> timedelta:
        """The time between two reminders of one item."""
        return timedelta(days=self.every_days)

    @property
    def weekday(self) -> int:
        """The day of the digest; 0 is Monday."""
        return get_args(Weekday).index(self.digest_day)


class ActionItems(Section):
    """The categories of action items, and reminders of those that are open."""

    categories: OptionTexts = DEFAULT_CATEGORIES
    nag: Nag = Nag()
