"""One step of each kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.evidence import Known, Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition
from bot.errors import UserError
from bot.runbook import DeletePod, ForceDeletePod, RestartProxy, ResyncRoutes, Step, StopServer
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

ONE_OF_EACH: tuple[Step, ...] = (RESYNC, RESTART, STOP, DELETE, FORCE)


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
