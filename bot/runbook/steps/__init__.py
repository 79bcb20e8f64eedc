"""Every kind of step, by its verb. A new kind is one file in this folder and one line here."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.runbook.steps.clear_notice import ClearNotice
from bot.runbook.steps.cordon_node import CordonNode
from bot.runbook.steps.delete_failed_pod import DeleteFailedPod
from bot.runbook.steps.delete_pod import DeletePod
from bot.runbook.steps.force_delete_pod import ForceDeletePod
from bot.runbook.steps.force_delete_proxy_pod import ForceDeleteProxyPod
from bot.runbook.steps.grow_volume import GrowVolume
from bot.runbook.steps.hold_core_pool import HoldCorePool
from bot.runbook.steps.open_revert import OpenRevert
from bot.runbook.steps.release_core_pool import ReleaseCorePool
from bot.runbook.steps.restart_hub import RestartHub
from bot.runbook.steps.restart_proxy import RestartProxy
from bot.runbook.steps.resync_routes import ResyncRoutes
from bot.runbook.steps.roll_back import RollBack
from bot.runbook.steps.scale import Scale
from bot.runbook.steps.share_diagnostics import ShareDiagnostics
from bot.runbook.steps.show_notice import ShowNotice
from bot.runbook.steps.start_canary import StartCanary
from bot.runbook.steps.start_server import StartServer
from bot.runbook.steps.step import Step, UnknownStep
from bot.runbook.steps.stop_canary import StopCanary
from bot.runbook.steps.stop_running_server import StopRunningServer
from bot.runbook.steps.stop_server import StopServer
from bot.runbook.steps.test_kernel import TestKernel
from bot.runbook.steps.uncordon_node import UncordonNode

KINDS: tuple[type[Step], ...] = (
    ResyncRoutes,
    RestartProxy,
    StopServer,
    DeletePod,
    ForceDeletePod,
    StartServer,
    StopRunningServer,
    RestartHub,
    DeleteFailedPod,
    ForceDeleteProxyPod,
    ShowNotice,
    ClearNotice,
    StartCanary,
    TestKernel,
    StopCanary,
    CordonNode,
    UncordonNode,
    Scale,
    GrowVolume,
    RollBack,
    OpenRevert,
    HoldCorePool,
    ReleaseCorePool,
    ShareDiagnostics,
)

UNKNOWN_STEP = (
    "This plan has a step “{verb}” that this version of mayday doesn't know. Check the hub, then ask "
    f"for a new plan with {COMMAND} run."
)


def kind_of(verb: str) -> type[Step]:
    """The kind of step with this verb.

    Raises:
        UnknownStep: there is none.
    """
    for kind in KINDS:
        if kind.verb == verb:
            return kind
    raise UnknownStep(UNKNOWN_STEP.format(verb=verb))
