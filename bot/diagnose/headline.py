"""The one sentence that says what is wrong with a hub: who is cut off, by what, and since when."""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnose.finding import Finding, Severity
from bot.diagnose.proxy import predecessor
from bot.diagnose.servers import lost_rows, ready_users, routes_lost_at
from bot.diagnose.words import clock, connected, plain, unmarked, users
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Diagnosis

CUT_OFF = "{lost} of {ready} users cannot reach their server: {why}"
ONE_CUT_OFF = "The only user with a server cannot reach it: {why}"
LOST_AT = "the proxy lost their routes at {at}{after}"
NO_ROUTE = "the proxy has no route to it; mayday can't tell since when"
ALSO_DOWN = {
    Diagnosis.HUB_DOWN: "; the hub doesn't answer either",
    Diagnosis.PROXY_DOWN: "; the public address doesn't answer either",
    Diagnosis.BOTH_DOWN: "; neither hub nor proxy answers at the public address",
}

NOBODY = "None of the {ready} users with a running server can reach it"
ONE_OUT = "The only user with a running server cannot reach it"
NOBODY_KNOWN = "Nobody can reach the hub or a server"
HUB_DOWN = "Nobody can log in or start a server, though the proxy answers"
IN_FRONT = "the public address doesn't answer, although the hub can read the proxy's routes"
UNANSWERED = {
    Diagnosis.HUB_DOWN: "the hub doesn't answer",
    Diagnosis.PROXY_DOWN: "the proxy doesn't answer",
    Diagnosis.BOTH_DOWN: "neither hub nor proxy answers",
}
NO_CAUSE = "{what}, and mayday found no cause in what it could read"
CAN_NOT_TELL = "{what}; mayday can't tell why: {why}"

WELL = "The hub and its proxy answer, and {who}"
ALL_ROUTED = "all {ready} users with a running server have their route"
ONE_ROUTED = "the only user with a running server has their route"
NO_SERVERS = "no user has a running server"
BUT = "; but {what}"
UNREAD = "; mayday can't tell whether all else is well: {why}"
CANT_TELL = "mayday can't tell whether users can reach their servers: {why}"
KNOWN = "{cant}; known is that {what}"
MORE = " (and {number} more)"

CAUSES = (
    "core-pool",
    "node-not-ready",
    "absent",
    "hub-volume",
    "full",
    "image",
    "core-pod",
    "node-bad-pods",
    "certificate",
    "mount",
    "claim",
    "scale-up",
    "over-quota",
    "quota",
)
"""The rules whose findings explain why hub or proxy don't answer, the most telling first."""
SYMPTOMS = frozenset({"unrouted", "proxy-restart", "address"})
"""Findings that the sentence says in its own words."""
MATTERS = (
    Part.SERVERS,
    Part.ROUTES,
    Part.HEALTH,
    Part.PODS,
    Part.NODES,
    Part.CLUSTER_PODS,
    Part.CLUSTER_EVENTS,
    Part.PROXY,
)
"""Parts without which nobody can call a hub well; the first that is unknown gives the reason."""


def headline(facts: HubFacts, findings: Sequence[Finding]) -> str:
    """Return what is wrong in one sentence, as plain text, with times in the zone of the reading.

    It begins with who is cut off. The cause is the most telling finding with its own time, never the time
    of reading. What is unknown is called so, and a hub is called well only if everything that matters was
    read.
    """
    if facts.unrouted:
        said = _unrouted(facts)
    elif facts.diagnosis in UNANSWERED:
        said = _unanswered(facts, findings)
    elif facts.diagnosis is Diagnosis.WELL:
        said = _answering(facts, findings)
    else:
        said = _unknown(facts, findings)
    return unmarked(said) + "."


def _unrouted(facts: HubFacts) -> str:
    at = routes_lost_at(facts)
    after = predecessor(facts)
    why = NO_ROUTE
    if at is not None:
        why = LOST_AT.format(at=clock(at, facts.read_at), after=f", {after}" if after else "")
    lost, ready = users(lost_rows(facts)), ready_users(facts)
    words = ONE_CUT_OFF if ready == 1 else CUT_OFF
    return words.format(lost=lost, ready=ready, why=why) + ALSO_DOWN.get(facts.diagnosis, "")


def _unanswered(facts: HubFacts, findings: Sequence[Finding]) -> str:
    """Who is cut off if hub or proxy don't answer, and why."""
    ready = connected(facts)
    what = UNANSWERED[facts.diagnosis]
    if facts.diagnosis is Diagnosis.HUB_DOWN:
        who = HUB_DOWN
    elif ready:
        who = ONE_OUT if ready == 1 else NOBODY.format(ready=ready)
    else:
        who = NOBODY_KNOWN
    if facts.diagnosis is Diagnosis.PROXY_DOWN and facts.routes.read:
        return f"{who}: {IN_FRONT}"
    cause = _cause(findings)
    if cause is not None:
        return f"{who}: {_clause(facts, cause)}"
    why = _missing(facts, (Part.CLUSTER_PODS, Part.NODES, Part.CLUSTER_EVENTS))
    words = CAN_NOT_TELL if why else NO_CAUSE
    return f"{who}: {words.format(what=what, why=why)}"


def _answering(facts: HubFacts, findings: Sequence[Finding]) -> str:
    """That users have their routes, and the worst of what is wrong besides."""
    ready = connected(facts)
    who = ALL_ROUTED.format(ready=ready) if ready else NO_SERVERS
    said = WELL.format(who=ONE_ROUTED if ready == 1 else who)
    worse = _worse(findings)
    if worse:
        rest = MORE.format(number=len(worse) - 1) if len(worse) > 1 else ""
        return said + BUT.format(what=_clause(facts, worse[0])) + rest
    why = _missing(facts, MATTERS)
    unsure = next((each for each in findings if each.severity is Severity.UNKNOWN), None)
    if why:
        return said + UNREAD.format(why=why)
    return f"{said}; {_clause(facts, unsure)}" if unsure else said


def _unknown(facts: HubFacts, findings: Sequence[Finding]) -> str:
    """That mayday can't tell, why, and the worst of what is known nevertheless."""
    why = _missing(facts, MATTERS) or "not everything could be read"
    cant = CANT_TELL.format(why=why)
    worse = _worse(findings)
    return KNOWN.format(cant=cant, what=_clause(facts, worse[0])) if worse else cant


def _cause(findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that explains most. What concerns hub or proxy themselves is critical."""
    found = [each for each in findings if each.severity is Severity.CRITICAL]
    telling = [each for each in found if each.rule in CAUSES]
    return min(telling, key=lambda each: CAUSES.index(each.rule), default=None)


def _worse(findings: Sequence[Finding]) -> list[Finding]:
    return [
        each for each in findings if each.severity >= Severity.WARNING and each.rule not in SYMPTOMS
    ]


def _missing(facts: HubFacts, parts: Sequence[Part]) -> str:
    """Return why the first of these parts is unknown, read or not asked for; empty if all are known."""
    if Part.HEALTH in parts and isinstance(facts.health, Unknown):
        return plain(facts.health.why)
    unread = {each.part: each.why for each in facts.unread(parts)}
    for part in parts:
        if why := unread.get(part) or facts.lacks(part):
            return plain(why)
    return ""


def _clause(facts: HubFacts, finding: Finding) -> str:
    """Return a finding's sentence as the end of another one, with its time."""
    text = plain(finding.text, 300)
    if text[:1].isupper() and not text[1:2].isupper():
        text = text[:1].lower() + text[1:]
    return f"{text} ({clock(finding.at, facts.read_at)})" if finding.at else text
