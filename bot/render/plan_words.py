"""The words for what a plan shows of a hub: conditions, routes and diagnoses."""

from __future__ import annotations

from bot.domain.hubs import Condition, Diagnosis, RouteState

CONDITIONS = {
    Condition.OK: "well",
    Condition.UNROUTED: "route missing, work is safe",
    Condition.STALE_ROUTE: "route to another address, work is safe",
    Condition.UNKNOWN: "cannot be judged",
    Condition.CRASHING: "crashing",
    Condition.LOST_NODE: "node gone",
    Condition.STALE_RECORD: "record without a pod",
    Condition.STUCK_SPAWN: "stuck while starting",
    Condition.STUCK_STOP: "stuck while stopping",
    Condition.UNSENT_STOP: "stop not sent",
    Condition.LOST_EVENTS: "hub lost events",
    Condition.HUNG_CHECK: "hub's check hangs",
    Condition.ORPHAN: "unknown to the hub",
    Condition.STUCK_ORPHAN: "unknown to the hub, stuck while stopping",
    Condition.STARTING: "starting",
    Condition.STOPPING: "stopping",
    Condition.CHECKING: "being checked by the hub",
}
"""In the order in which people want to read them after what is well."""

ROUTES = {
    RouteState.LEADS: "yes",
    RouteState.MISSING: "no",
    RouteState.ELSEWHERE: "elsewhere",
    RouteState.UNKNOWN: "?",
}

DIAGNOSES = {
    Diagnosis.WELL: "hub and proxy answer, no route is missing",
    Diagnosis.HUB_DOWN: "the hub is down, the proxy answers",
    Diagnosis.PROXY_DOWN: "the proxy cannot be reached: proxy, ingress or DNS",
    Diagnosis.BOTH_DOWN: "neither hub nor proxy answers: core nodes, ingress, DNS or the network",
    Diagnosis.ROUTES_MISSING: "hub and proxy answer, but routes are missing or lead elsewhere",
    Diagnosis.UNKNOWN: "not everything could be read",
}
