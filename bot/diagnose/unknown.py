"""What could not be read, why, and what nobody can tell because of that."""

from __future__ import annotations

from collections.abc import Iterable

from bot.diagnose.finding import Finding, Severity
from bot.diagnose.words import SHOWN, count
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.signs import NOT_ASKED

BLIND = {
    Part.SERVERS: "which servers the hub knows",
    Part.ROUTES: "whether a route is missing",
    Part.HEALTH: "whether hub and proxy answer at the public address",
    Part.PODS: "whether users' pods run",
    Part.CLUSTER_PODS: "whether the pods of hub and scheduler are well",
    Part.NODES: "whether a node is down or cordoned, or the core pool is at zero",
    Part.CLUSTER_EVENTS: "why pods wait, fail to mount or were evicted",
    Part.EVENTS: "why users' pods don't start",
    Part.PROXY: "whether the proxy's Deployment is rolled out",
    Part.ACCESS: "the hub's version and what mayday's token may see",
    Part.CLAIMS: "whether a volume is missing",
    Part.DEPLOYMENTS: "whether the user-scheduler and the other Deployments are ready",
    Part.QUOTAS: "whether a quota is used up",
    Part.METRICS: "whether starts fail and the hub is slow",
    Part.MEMORY: "how near the proxy is to its memory limit",
    Part.PROXY_LOG: "whether the proxy logs errors",
    Part.REVISIONS: "what was rolled out lately",
    Part.MERGES: "what was merged lately",
    Part.CERTIFICATE: "when the certificate expires",
    Part.BUDGETS: "whether a disruption budget blocks",
    Part.WORKLOADS: "how many placeholder pods run",
    Part.RIGHTS: "what the cluster lets mayday do",
    Part.USERS: "whether the hub knows some users",
    Part.CLOCK: "how old servers and pods are",
}
"""What nobody can tell without each part; it follows "mayday can't tell". The most important come
first."""

CANT_TELL = "mayday can't tell {what}: {why}"
AND_MORE = "{first} and {things}"
ALSO = "It can't tell either {what}."


def unknown(facts: HubFacts) -> Iterable[Finding]:
    """What could not be read, once for each reason, with what nobody can tell without it.

    No rule takes what was not read for well. Where the cluster refuses mayday a right, the reason has the
    line of the Role that grants it, so one missing right is said once for all rules that need it.
    """
    reasons: dict[str, list[Part]] = {}
    # A hub without a repository has no merges to read, and a proxy without a limit can't be near it.
    unasked = sorted(MORE - facts.asked - {Part.MERGES, Part.NOTICE, Part.MEMORY})
    for part, why in (
        *((each.part, each.why) for each in facts.unknown),
        *((each.part, each.why) for each in facts.unread(unasked) if each.part in unasked),
    ):
        if part is Part.NOTICE or (part is Part.MERGES and why == NOT_ASKED):
            continue  # no rule reads the notice
        if part not in reasons.setdefault(why, []):
            reasons[why].append(part)
    for why, found in reasons.items():
        parts = sorted(found, key=list(BLIND).index)
        blind = [BLIND[part] for part in parts]
        rest = (ALSO.format(what="; ".join(blind[1:])),) if len(blind) > 1 else ()
        yield Finding(
            rule="unknown",
            key="+".join(parts[:SHOWN]),
            severity=Severity.UNKNOWN,
            text=CANT_TELL.format(what=_first(blind), why=why.rstrip(".")) + ".",
            evidence=rest,
            affects=None,
        )


def _first(blind: list[str]) -> str:
    if len(blind) == 1:
        return blind[0]
    return AND_MORE.format(first=blind[0], things=count(len(blind) - 1, "other thing"))
