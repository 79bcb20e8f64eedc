"""Rules that diagnose a hub: pure functions from facts to findings, one file for each subject."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from bot.diagnose.address import address
from bot.diagnose.budgets import budgets
from bot.diagnose.certificates import certificate
from bot.diagnose.changes import merges, rollouts
from bot.diagnose.core_pods import absent, core_pods
from bot.diagnose.failed_pods import failed_pods
from bot.diagnose.finding import Finding, Remedy, Rule, Severity
from bot.diagnose.headline import headline
from bot.diagnose.images import images
from bot.diagnose.metrics import pending_spawns, slow_hub, spawn_failures
from bot.diagnose.nodes import (
    bad_pods_by_node,
    cordons,
    core_pool,
    core_scale_down,
    node_pressure,
    unready_nodes,
)
from bot.diagnose.proxy import proxy_log, proxy_memory, proxy_restart
from bot.diagnose.quota import quotas, refused, scale_up
from bot.diagnose.scheduler import unscheduled, user_scheduler
from bot.diagnose.servers import crashing, stuck, unjudged, unrouted
from bot.diagnose.unknown import unknown
from bot.diagnose.volumes import claims, full_volumes, hub_volume, mounts
from bot.domain.facts import HubFacts

__all__ = ["RULES", "Finding", "Remedy", "Rule", "Severity", "diagnose", "headline"]

RULES: tuple[Rule, ...] = (
    address,
    unrouted,
    stuck,
    crashing,
    unjudged,
    core_pods,
    absent,
    proxy_restart,
    proxy_memory,
    proxy_log,
    unready_nodes,
    node_pressure,
    cordons,
    bad_pods_by_node,
    core_pool,
    core_scale_down,
    mounts,
    hub_volume,
    claims,
    full_volumes,
    quotas,
    refused,
    scale_up,
    images,
    user_scheduler,
    unscheduled,
    budgets,
    certificate,
    spawn_failures,
    pending_spawns,
    slow_hub,
    failed_pods,
    rollouts,
    merges,
    unknown,
)
"""Every rule. A new one is a function in a file of this folder and one line here."""


FAILED = "mayday can't tell what its rule {rule} looks for: the rule failed ({error})."

log = structlog.get_logger()


def diagnose(facts: HubFacts, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Return what the rules find, the worst first, and of the same severity the earliest first.

    A rule that fails is a finding, and the others go on.
    """
    found = [finding for rule in rules for finding in _found(rule, facts)]
    return sorted(
        found,
        key=lambda each: (-each.severity, each.at is None, each.at or facts.read_at, each.key),
    )


def _found(rule: Rule, facts: HubFacts) -> list[Finding]:
    try:
        return list(rule(facts))
    except Exception as error:
        name = getattr(rule, "__name__", "")
        log.exception("diagnose.rule_failed", rule=name)
        said = FAILED.format(rule=name, error=type(error).__name__)
        return [
            Finding(
                rule="unknown",
                key=f"rule/{name}",
                severity=Severity.UNKNOWN,
                text=said,
                affects=None,
            )
        ]
