"""One step of each kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition
from bot.runbook import (
    ClearNotice,
    DeleteFailedPod,
    DeletePod,
    ForceDeletePod,
    ForceDeleteProxyPod,
    RestartHub,
    RestartProxy,
    ResyncRoutes,
    ShowNotice,
    StartCanary,
    StartServer,
    Step,
    StopCanary,
    StopRunningServer,
    StopServer,
    TestKernel,
)
from bot.runbook.steps.step import Look
from tests.support.scripted import Scripted, site

STARTED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

RESYNC = ResyncRoutes(looks=2)
RESTART = RestartProxy(
    deployment="proxy", generation=4, at="2026-11-22T12:00:00+00:00", loses=("ana", "ben")
)
STOP = StopServer(
    user="ana",
    server="gpu",
    condition=Condition.STUCK_SPAWN,
    started=STARTED,
    uid="uid-ana",
)
DELETE = DeletePod(
    user="ana",
    server="",
    condition=Condition.ORPHAN,
    uid="uid-ana",
    pod="jupyter-ana",
    loses=("ana",),
)
FORCE = ForceDeletePod(
    user="ana",
    server="",
    condition=Condition.STUCK_STOP,
    started=STARTED,
    uid="uid-ana",
    pod="jupyter-ana",
    loses=("ana",),
)
LOST_NODE = replace(FORCE, condition=Condition.LOST_NODE, started=STARTED - timedelta(hours=1))

START = StartServer(user="ana", server="gpu")
STOP_RUNNING = StopRunningServer(
    user="ana",
    server="gpu",
    condition=Condition.OK,
    started=STARTED,
    uid="uid-ana",
    loses=("ana/gpu",),
)
RESTART_HUB = RestartHub(deployment="hub", generation=4, at="2026-11-22T12:00:00+00:00")

DELETE_FAILED = DeleteFailedPod(pod="proxy-0", uid="uid-0", phase="Failed")
FORCE_PROXY = ForceDeleteProxyPod(deployment="proxy", pod="proxy-0", uid="uid-0", node="core-1")

SHOW = ShowNotice(text="We are working on it.", before="Welcome.")
CLEAR_NOTICE = ClearNotice(before="We are working on it.")

CANARY = (
    StartCanary(user="canary", server="", until=STARTED),
    TestKernel(user="canary"),
    StopCanary(user="canary"),
)

ONE_OF_EACH: tuple[Step, ...] = (
    RESYNC,
    RESTART,
    STOP,
    DELETE,
    FORCE,
    START,
    STOP_RUNNING,
    RESTART_HUB,
    DELETE_FAILED,
    FORCE_PROXY,
    SHOW,
    CLEAR_NOTICE,
    *CANARY,
)


def look_at(step: Step, facts: HubFacts) -> Look:
    """One reading of a hub with these facts."""
    return step.look(site(Scripted()), lambda: facts)


def begin() -> None:
    """Commit nothing before a step acts."""
