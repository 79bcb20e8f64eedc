"""The public address: whether hub and proxy answer there, and if not, which of them fails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.diagnose.around import HUB, PROXY, own_pods
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.remedies import restart_hub, restart_proxy
from bot.diagnose.words import connected, latest
from bot.domain.facts import HubFacts
from bot.domain.hubs import Diagnosis, Pod

HUB_DOWN = "The hub doesn't answer, but its proxy does: nobody can log in or start a server"
STAY = "Servers that have a route stay reachable while the proxy runs."
IN_FRONT = (
    "The public address doesn't answer mayday, although the hub can read the proxy's routes: check the "
    "ingress, DNS, the certificate and the network in front of the proxy"
)
PROXY_DOWN = (
    "The public address doesn't answer, and the proxy's routes could not be read through the hub"
)
BOTH_DOWN = (
    "Neither the hub nor the proxy answers: check the core nodes, the ingress, DNS and the network"
)
NO_ROUTES = "Routes: {why}"


def address(facts: HubFacts) -> Iterable[Finding]:
    """Health checks at the public address tell which part fails.

    If the proxy answers and the hub doesn't, the hub is down. If both fail, it is the proxy or what stands
    before it: the ingress, DNS or the network; whether the hub can still read the proxy's routes tells
    these apart. Health checks pass while all routes are missing, so they prove nothing about users.
    """
    match facts.diagnosis:
        case Diagnosis.HUB_DOWN:
            yield _finding(
                facts,
                HUB_DOWN,
                since=_unready(own_pods(facts, HUB)),
                evidence=(STAY,),
                remedy=restart_hub(facts),
                affects=0,
            )
        case Diagnosis.PROXY_DOWN if facts.routes.read:
            yield _finding(facts, IN_FRONT, affects=connected(facts))
        case Diagnosis.PROXY_DOWN:
            yield _finding(
                facts,
                PROXY_DOWN,
                since=_unready(own_pods(facts, PROXY)),
                evidence=(NO_ROUTES.format(why=facts.routes.unknown),),
                remedy=restart_proxy(facts),
                affects=connected(facts),
            )
        case Diagnosis.BOTH_DOWN:
            yield _finding(facts, BOTH_DOWN, affects=connected(facts))
        case _:
            return


def _finding(
    facts: HubFacts,
    text: str,
    *,
    since: datetime | None = None,
    evidence: tuple[str, ...] = (),
    remedy: Remedy | None = None,
    affects: int | None,
) -> Finding:
    return Finding(
        rule="address",
        key=str(facts.diagnosis),
        severity=Severity.CRITICAL,
        text=f"{text}.",
        at=since,
        evidence=evidence,
        remedy=remedy,
        affects=affects,
    )


def _unready(pods: tuple[Pod, ...]) -> datetime | None:
    """Return since when none of these pods is ready; None if one is, or if it is unknown."""
    if any(pod.ready for pod in pods):
        return None
    return latest(pod.unready_since or pod.last_exit_at for pod in pods if not pod.finished)
