"""One step of each kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.evidence import Known, Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition
from bot.errors import UserError
from bot.runbook import (
    ClearNotice,
    CordonNode,
    DeleteFailedPod,
    DeletePod,
    ForceDeletePod,
    ForceDeleteProxyPod,
    GrowVolume,
    Held,
    HoldCorePool,
    NewBudget,
    OpenRevert,
    RestartHub,
    RestartProxy,
    ResyncRoutes,
    RollBack,
    Scale,
    ShareDiagnostics,
    ShowNotice,
    StartCanary,
    StartServer,
    Step,
    StopCanary,
    StopRunningServer,
    StopServer,
    TestKernel,
    UncordonNode,
)
from bot.runbook.steps.step import Look
from bot.services.steps import look_once
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

CORDON = CordonNode(
    cluster="teaching",
    node="user-1",
    uid="uid-user-1",
    at=STARTED,
    until=STARTED + timedelta(hours=12),
    by="U0ANA",
    why="its disk is full",
)
UNCORDON = UncordonNode(cluster="teaching", node="user-1", uid="uid-user-1", at=STARTED.isoformat())
SCALE = Scale(
    name="user-placeholder",
    uid="uid-placeholder",
    found=0,
    replicas=20,
    until=STARTED + timedelta(hours=2),
    by="U0ANA",
)

GROW = GrowVolume(claim="hub-db-dir", uid="uid-hub-db-dir", found=2**30, size=2 * 2**30)
BACK = RollBack(
    deployment="hub",
    generation=7,
    current=5,
    number=4,
    template="abc",
    at=STARTED.isoformat(),
    changes=("hub: image a → b",),
)
REVERT = OpenRevert(
    repository="our-org/datahub",
    number=17,
    title="Upgrade the hub",
    url="https://github.example.org/our-org/datahub/pull/17",
    merged_at=STARTED,
    commit="abc123",
)

HOLD = HoldCorePool(
    pods=(Held(name="hub-1", uid="uid-hub"),),
    nodes=(Held(name="core-1", uid="uid-core-1"),),
    budgets=(NewBudget(name="mayday-hold-hub", selector={"component": "hub"}),),
    until=STARTED + timedelta(hours=12),
)

SHARE = ShareDiagnostics(
    key="run123", since=STARTED, by="U0ANA", incident="abc123", servers=(("ana", "gpu"),), lines=200
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
    CORDON,
    UNCORDON,
    SCALE,
    GROW,
    BACK,
    REVERT,
    HOLD,
    HOLD.undo,
    SHARE,
)


def look_at(step: Step, facts: HubFacts) -> Look:
    """One look at a hub and a cluster with these facts."""
    party = Scripted(records=[*facts.servers.items], live=[*facts.pods.items])
    party.known = [*facts.routes.items]
    if isinstance(facts.proxy, Known):
        party.proxy = facts.proxy.value
    whys = {
        "server": facts.servers.unknown,
        "pod": facts.pods.unknown,
        "proxy": facts.proxy.why if isinstance(facts.proxy, Unknown) else "",
    }
    party.fails = {name: UserError(why) for name, why in whys.items() if why}
    return look_once(step, site(party), lambda: facts)


def begin() -> None:
    """Commit nothing before a step acts."""
