"""Clear the notice on the hub's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.runbook.site import Site
from bot.runbook.steps.notice_step import NoticeStep


@dataclass(frozen=True, kw_only=True)
class ClearNotice(NoticeStep):
    """It succeeds when the service has no text."""

    verb: ClassVar[str] = "clear_notice"

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Clear the notice."""
        site.reachable_notices.clear()
        return {}
