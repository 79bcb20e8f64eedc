"""What a runbook's author imports, and all of it.

A runbook is a pure function from facts to a draft: it reads no clock and changes nothing. Run it twice and
the second draft has a reason to do nothing.
"""

from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import Condition, Deployment, Diagnosis, Pod, Row, ServerKey
from bot.domain.plans import Loss, LossKind, Measure, Step
from bot.runbook.losses import ACTIVE, losing
from bot.runbook.runbook import Draft, Parameters, Runbook
from bot.runbook.steps import (
    delete_pod,
    force_delete_pod,
    restart_proxy,
    resync_routes,
    server_name,
    stop_server,
)

__all__ = [
    "ACTIVE",
    "Condition",
    "Deployment",
    "Diagnosis",
    "Draft",
    "HubFacts",
    "Loss",
    "LossKind",
    "Measure",
    "Parameters",
    "Part",
    "Pod",
    "Row",
    "Runbook",
    "ServerKey",
    "Step",
    "Unknown",
    "UnknownPart",
    "delete_pod",
    "force_delete_pod",
    "losing",
    "restart_proxy",
    "resync_routes",
    "server_name",
    "stop_server",
]
