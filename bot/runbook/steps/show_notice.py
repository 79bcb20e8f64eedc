"""Show a notice on the hub's page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.runbook.site import Site
from bot.runbook.steps.clear_notice import ClearNotice
from bot.runbook.steps.notice_step import NoticeStep
from bot.runbook.steps.step import Step

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class ShowNotice(NoticeStep):
    """It succeeds when the service gives the text back. White space of any kind is shown as one space."""

    verb: ClassVar[str] = "show_notice"

    text: str

    @property
    def wanted(self) -> str:
        """The text on one line."""
        return " ".join(_CONTROL.sub(" ", self.text).split())

    @property
    def details(self) -> Mapping[str, str]:
        """The text."""
        return {"text": self.wanted}

    @property
    def undo(self) -> Step | None:
        """Clear the notice. It has no due time: people decide when the incident is over."""
        return ClearNotice(before=self.wanted)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Show the text."""
        site.reachable_notices.show(self.wanted)
        return {}
