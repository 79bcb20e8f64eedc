"""What the steps of a test spawn have in common: the canary user, and nobody else."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from bot.errors import UserError
from bot.runbook.site import Site
from bot.runbook.steps.step import Step

NOT_THE_CANARY = "{user} isn't the user of hubs[].canary_user, so mayday leaves their server alone."


@dataclass(frozen=True, kw_only=True)
class CanaryStep(Step, ABC):
    """A step with the default server of ``user``. Nobody works in it, so it is harmless."""

    destructive: ClassVar[bool] = False

    user: str

    @property
    def identity(self) -> str:
        """The user."""
        return self.user

    @property
    def target(self) -> str:
        """The user."""
        return self.user


def require_canary(user: str, site: Site) -> None:
    """Return if this is the hub's canary user.

    Raises:
        UserError: the configuration names another one by now.
    """
    if user != site.place.canary:
        raise UserError(NOT_THE_CANARY.format(user=user), code="not_the_canary")
