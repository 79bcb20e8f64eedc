"""Everything that a runbook's author imports, and nothing else.

A runbook is a pure function from facts to a draft: it reads no clock and changes nothing. Run it twice and
the second draft has a reason to do nothing.
"""

from pydantic import Field

from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import Condition, Deployment, Diagnosis, Pod, RouteState, Row, ServerKey
from bot.domain.run_policy import Lock, RunPolicy, Where
from bot.runbook.definition import Draft, Purpose, Runbook, runbook
from bot.runbook.losses import ACTIVE, Loss, LossKind, losing
from bot.runbook.one_server import is_alive, one_server, unsteady
from bot.runbook.parameters import NodeName, Person, Servers
from bot.runbook.rollouts import UNDER_WAY, cannot_restart, restarted_lately
from bot.runbook.steps.clear_notice import ClearNotice
from bot.runbook.steps.delete_failed_pod import DeleteFailedPod
from bot.runbook.steps.delete_pod import DeletePod
from bot.runbook.steps.force_delete_pod import ForceDeletePod
from bot.runbook.steps.force_delete_proxy_pod import ForceDeleteProxyPod
from bot.runbook.steps.restart_hub import RestartHub
from bot.runbook.steps.restart_proxy import RestartProxy
from bot.runbook.steps.resync_routes import ResyncRoutes
from bot.runbook.steps.server import ServerStep, server_name
from bot.runbook.steps.show_notice import ShowNotice
from bot.runbook.steps.start_canary import StartCanary
from bot.runbook.steps.start_server import StartServer
from bot.runbook.steps.step import Step
from bot.runbook.steps.stop_canary import StopCanary
from bot.runbook.steps.stop_running_server import StopRunningServer
from bot.runbook.steps.stop_server import StopServer
from bot.runbook.steps.test_kernel import TestKernel

__all__ = [
    "ACTIVE",
    "UNDER_WAY",
    "ClearNotice",
    "Condition",
    "DeleteFailedPod",
    "DeletePod",
    "Deployment",
    "Diagnosis",
    "Draft",
    "Field",
    "ForceDeletePod",
    "ForceDeleteProxyPod",
    "HubFacts",
    "Lock",
    "Loss",
    "LossKind",
    "NodeName",
    "Part",
    "Person",
    "Pod",
    "Purpose",
    "RestartHub",
    "RestartProxy",
    "ResyncRoutes",
    "RouteState",
    "Row",
    "RunPolicy",
    "Runbook",
    "ServerKey",
    "ServerStep",
    "Servers",
    "ShowNotice",
    "StartCanary",
    "StartServer",
    "Step",
    "StopCanary",
    "StopRunningServer",
    "StopServer",
    "TestKernel",
    "Unknown",
    "UnknownPart",
    "Where",
    "cannot_restart",
    "is_alive",
    "losing",
    "one_server",
    "restarted_lately",
    "runbook",
    "server_name",
    "unsteady",
]
