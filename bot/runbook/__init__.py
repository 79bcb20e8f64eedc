"""Everything that a runbook's author imports, and nothing else.

A runbook is a pure function from facts to a draft: it reads no clock and changes nothing. Run it twice and
the second draft has a reason to do nothing.
"""

from pydantic import Field

from bot.domain.cluster import SCALE_DOWN_DISABLED, Budget, Claim, Node, Revision, Workload
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import Condition, Deployment, Diagnosis, Pod, RouteState, Row, ServerKey
from bot.domain.marks import cordoned_at, cordoned_by, is_own_cordon, scaled_by
from bot.domain.quantities import bytes_of, size_of
from bot.domain.run_policy import Lock, RunPolicy, Where
from bot.domain.signs import Merge
from bot.domain.templates import differences, fingerprint
from bot.runbook.definition import Draft, Purpose, Runbook, runbook
from bot.runbook.losses import ACTIVE, Loss, LossKind, losing
from bot.runbook.one_node import one_node
from bot.runbook.one_server import is_alive, one_server, unsteady
from bot.runbook.parameters import NodeName, Person, Servers
from bot.runbook.rollouts import UNDER_WAY, cannot_restart, restarted_lately
from bot.runbook.steps.clear_notice import ClearNotice
from bot.runbook.steps.cordon_node import CordonNode
from bot.runbook.steps.core_pool import Held, NewBudget
from bot.runbook.steps.delete_failed_pod import DeleteFailedPod
from bot.runbook.steps.delete_pod import DeletePod
from bot.runbook.steps.force_delete_pod import ForceDeletePod
from bot.runbook.steps.force_delete_proxy_pod import ForceDeleteProxyPod
from bot.runbook.steps.grow_volume import GrowVolume
from bot.runbook.steps.hold_core_pool import HoldCorePool
from bot.runbook.steps.open_revert import OpenRevert
from bot.runbook.steps.restart_hub import RestartHub
from bot.runbook.steps.restart_proxy import RestartProxy
from bot.runbook.steps.resync_routes import ResyncRoutes
from bot.runbook.steps.roll_back import RollBack
from bot.runbook.steps.scale import Scale
from bot.runbook.steps.server import ServerStep, server_name
from bot.runbook.steps.share_diagnostics import ShareDiagnostics
from bot.runbook.steps.show_notice import ShowNotice
from bot.runbook.steps.start_canary import StartCanary
from bot.runbook.steps.start_server import StartServer
from bot.runbook.steps.step import Step
from bot.runbook.steps.stop_canary import StopCanary
from bot.runbook.steps.stop_running_server import StopRunningServer
from bot.runbook.steps.stop_server import StopServer
from bot.runbook.steps.test_kernel import TestKernel
from bot.runbook.steps.uncordon_node import UncordonNode

__all__ = [
    "ACTIVE",
    "SCALE_DOWN_DISABLED",
    "UNDER_WAY",
    "Budget",
    "Claim",
    "ClearNotice",
    "Condition",
    "CordonNode",
    "DeleteFailedPod",
    "DeletePod",
    "Deployment",
    "Diagnosis",
    "Draft",
    "Field",
    "ForceDeletePod",
    "ForceDeleteProxyPod",
    "GrowVolume",
    "Held",
    "HoldCorePool",
    "HubFacts",
    "Lock",
    "Loss",
    "LossKind",
    "Merge",
    "NewBudget",
    "Node",
    "NodeName",
    "OpenRevert",
    "Part",
    "Person",
    "Pod",
    "Purpose",
    "RestartHub",
    "RestartProxy",
    "ResyncRoutes",
    "Revision",
    "RollBack",
    "RouteState",
    "Row",
    "RunPolicy",
    "Runbook",
    "Scale",
    "ServerKey",
    "ServerStep",
    "Servers",
    "ShareDiagnostics",
    "ShowNotice",
    "StartCanary",
    "StartServer",
    "Step",
    "StopCanary",
    "StopRunningServer",
    "StopServer",
    "TestKernel",
    "UncordonNode",
    "Unknown",
    "UnknownPart",
    "Where",
    "Workload",
    "bytes_of",
    "cannot_restart",
    "cordoned_at",
    "cordoned_by",
    "differences",
    "fingerprint",
    "is_alive",
    "is_own_cordon",
    "losing",
    "one_node",
    "one_server",
    "restarted_lately",
    "runbook",
    "scaled_by",
    "server_name",
    "size_of",
    "unsteady",
]
