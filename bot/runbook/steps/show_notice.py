"""Show a notice on the hub's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.runbook.site import Site
from bot.runbook.steps.clear_notice import ClearNotice
from bot.runbook.steps.notice_step import NoticeStep
from bot.runbook.steps.step import Step


@dataclass(frozen=True, kw_only=True)
class ShowNotice(NoticeStep):
    """It succeeds when the service gives the text back."""

    verb: ClassVar[str] = "show_notice"

    text: str

    @property
    def wanted(self) -> str:
        """The text."""
        return self.text

    @property
    def details(self) -> Mapping[str, str]:
        """The text."""
        return {"text": self.text}

    @property
    def undo(self) -> Step | None:
        """Clear the notice. It has no due time: people decide when the incident is over."""
        return ClearNotice(before=self.text)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Show the text."""
        site.reachable_notices.show(self.text)
        return {}
