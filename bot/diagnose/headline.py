"""The one sentence that says what is wrong with a hub."""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnose.finding import Finding, Severity
from bot.domain.facts import HubFacts
from bot.domain.hubs import Diagnosis

_DIAGNOSES = {
    Diagnosis.HUB_DOWN: "The hub is down; its proxy answers.",
    Diagnosis.PROXY_DOWN: "The proxy cannot be reached: proxy, ingress or DNS.",
    Diagnosis.BOTH_DOWN: "Neither the hub nor its proxy answers.",
    Diagnosis.UNKNOWN: "mayday could not read everything, so it doesn't know whether the hub is well.",
    Diagnosis.WELL: "The hub and its proxy answer, and no route is missing.",
}


def headline(facts: HubFacts, findings: Sequence[Finding]) -> str:
    """Return what is wrong, in one sentence."""
    if facts.unrouted:
        return f"{facts.unrouted} of {facts.ready} users cannot reach their server."
    if findings and findings[0].severity >= Severity.WARNING:
        return findings[0].text
    return _DIAGNOSES.get(facts.diagnosis, _DIAGNOSES[Diagnosis.UNKNOWN])
