"""What a runbook's author imports, and all of it.

A runbook is a pure function from facts to a draft: it reads no clock and changes nothing. Run it twice and
the second draft has a reason to do nothing.
"""

from bot.domain.hubs import Condition, Deployment, Diagnosis, HubFacts, Part, Pod, Row
from bot.domain.plans import Loss, LossKind, Measure, Step
from bot.runbook.book import Ask, Draft, Runbook
from bot.runbook.losses import losing
from bot.runbook.steps import (
    delete_pod,
    force_delete_pod,
    restart_proxy,
    resync_routes,
    stop_server,
)

__all__ = [
    "Ask",
    "Condition",
    "Deployment",
    "Diagnosis",
    "Draft",
    "HubFacts",
    "Loss",
    "LossKind",
    "Measure",
    "Part",
    "Pod",
    "Row",
    "Runbook",
    "Step",
    "delete_pod",
    "force_delete_pod",
    "losing",
    "restart_proxy",
    "resync_routes",
    "stop_server",
]
