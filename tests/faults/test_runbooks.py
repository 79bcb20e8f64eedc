"""Runbooks on a real hub, with each outcome of their hub and cluster requests.

mayday repeats an idempotent act until it succeeds. It runs a destructive act once for each
confirmation. If the answer is lost, mayday checks the target. Unclear results need a human.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.evidence import Known
from bot.domain.facts import Part
from bot.domain.hubs import Diagnosis
from bot.domain.runs import Outcome
from bot.runbook import Runbook
from bot.runbook.plan import Plan
from bot.services.steps import attempt
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers
from runbooks.restart_proxy import restart_proxy
from runbooks.resync_routes import resync_routes
from sandbox.faults import Fault
from sandbox.rules import on_request
from tests.support.faults import CALLS
from tests.support.hub import Lab, lab, running_lab
from tests.support.steps import begin

__all__ = ["lab", "running_lab"]

PATIENCE = 5.0
"""Seconds. A stop takes one, and a few more on a busy machine."""

ACTING = ("429", "dropped before", "dropped after")
"""One answer for each adapter outcome except success."""

READING = {name: CALLS[name] for name in ("429", "HTML", "dropped before")}
"""Asked to wait, refused, no answer."""

USERS_WAY = {name: CALLS[name] for name in ("slow", "503 before", "dropped before")}
"""tests/adapters/test_jupyterhub_public.py has the other answers there."""

NOT_DONE = {"dropped before"}
"""Only the target shows that nothing happened."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """An act of a runbook: the outage that causes it, and its request."""

    outage: Callable[[Lab], object]
    runbook: Runbook
    system: str
    method: str
    path: str

    def plan(self, lab: Lab) -> Plan:
        """Cause the outage; return the plan whose first step is the act."""
        self.outage(lab)
        if self.runbook is force_delete_stuck_servers:
            return lab.until_stuck(self.runbook, 1)
        return self.runbook.plan(lab.read())


ACTS = {
    "resync": Act(
        outage=lambda lab: lab.sandbox.drop_routes(),
        runbook=resync_routes,
        system="hub",
        method="POST",
        path="/hub/api/proxy",
    ),
    "restart": Act(
        outage=lambda lab: lab.sandbox.drop_routes(),
        runbook=restart_proxy,
        system="cluster",
        method="PATCH",
        path="/apis/apps/v1/.*/deployments/proxy",
    ),
    "stop": Act(
        outage=lambda lab: lab.sandbox.hang_spawn("ana"),
        runbook=force_delete_stuck_servers,
        system="hub",
        method="DELETE",
        path="/hub/api/users/ana/server",
    ),
    "force-delete": Act(
        outage=lambda lab: lab.sandbox.hang_stop("ana"),
        runbook=force_delete_stuck_servers,
        system="cluster",
        method="DELETE",
        path="/api/v1/.*/pods/",
    ),
}


@pytest.fixture
def impatient(lab: Lab) -> Iterator[Lab]:
    """Adapters with short timeouts; faults are cleared afterwards."""
    sandbox = lab.sandbox
    hub = JupyterHub(
        name=sandbox.name,
        url=sandbox.url,
        api_url=sandbox.api_url,
        token=sandbox.api_token,
        timeout=PATIENCE,
    )
    cluster = KubernetesCluster(
        name=sandbox.cluster_name,
        kubeconfig=str(sandbox.kubeconfig),
        context=sandbox.context,
        server=sandbox.server,
        timeout=PATIENCE,
    )
    yield replace(lab, hub=hub, cluster=cluster)
    sandbox.faults.clear()
    sandbox.cluster.faults.clear()
    sandbox.public.faults.clear()
    hub.close()


def strike(lab: Lab, act: Act, fault: Fault, *, times: int) -> None:
    """Make the act's request fail."""
    system = lab.sandbox if act.system == "hub" else lab.sandbox.cluster
    system.faults = [on_request(act.method, act.path, fault, times=times)]


def sent(lab: Lab, act: Act) -> int:
    """Number of the act's requests sent."""
    front = lab.sandbox.front if act.system == "hub" else lab.sandbox.cluster.front
    return front.count(act.method, act.path)


@pytest.mark.parametrize("name", ACTING)
@pytest.mark.parametrize("what", ACTS)
def test_an_act_goes_wrong_once(impatient: Lab, what: str, name: str) -> None:
    lab, act = impatient, ACTS[what]
    plan = act.plan(lab)
    step = plan.steps[0]
    strike(lab, act, CALLS[name], times=1)
    before = sent(lab, act)

    result = attempt(step, lab.site, plan, begin)
    if result.outcome is Outcome.RETRY:
        assert result.error
        assert name == "429" or not step.destructive
        result = attempt(step, lab.site, plan, begin)
        before += 1
    assert sent(lab, act) == before + 1
    if step.destructive and name in NOT_DONE:
        assert result.outcome is Outcome.UNCLEAR
        assert result.error
    else:
        assert result.outcome is Outcome.DONE


@pytest.mark.parametrize("fault", USERS_WAY.values(), ids=USERS_WAY)
def test_the_users_way_goes_wrong(impatient: Lab, fault: Fault) -> None:
    """Health matches what users see; planning uses the API address and works."""
    lab = impatient
    lab.sandbox.drop_routes()
    lab.sandbox.public.faults = [on_request("GET", ".*/_chp_healthz|/hub/api/", fault)]
    facts = lab.read()
    assert isinstance(facts.health, Known)
    health = facts.health.value
    if fault is CALLS["slow"]:
        assert (health.hub, facts.diagnosis) == (True, Diagnosis.ROUTES_MISSING)
    elif fault.drop:
        assert (health.hub, health.proxy) == (False, False)
        assert facts.diagnosis is Diagnosis.PROXY_DOWN
    else:
        # Something answered; it may be the hub or its proxy.
        assert health.proxy is not False
        assert not health.hub or facts.diagnosis is Diagnosis.ROUTES_MISSING
    assert resync_routes.plan(facts).steps != ()


@pytest.mark.parametrize("fault", READING.values(), ids=READING)
@pytest.mark.parametrize("system", ["hub", "cluster"])
def test_reading_goes_wrong_every_time(impatient: Lab, system: str, fault: Fault) -> None:
    """One sentence names the system that cannot be read; nothing is guessed."""
    lab = impatient
    lab.sandbox.drop_routes()
    broken = lab.sandbox if system == "hub" else lab.sandbox.cluster
    broken.faults = [on_request("GET", "/", fault)]
    facts = lab.read()
    parts = (Part.SERVERS, Part.ROUTES) if system == "hub" else (Part.PODS, Part.PROXY)
    name = lab.sandbox.name if system == "hub" else lab.sandbox.cluster_name
    for part in parts:
        why = facts.lacks(part)
        assert name in why
        assert "Traceback" not in why
    for book in (resync_routes, restart_proxy, force_delete_stuck_servers):
        plan = book.plan(facts)
        if facts.unread(book.needs):
            assert (plan.steps, plan.nothing_to_do) == ((), "")
            assert plan.undecided
    broken.faults.clear()
    assert resync_routes.plan(lab.read()).steps != ()
