"""What holds for every rule: silence about a healthy hub, words for what was not read, and no crash."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.diagnose import RULES, Severity, diagnose, headline
from bot.domain.evidence import Unknown, View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.signs import NOT_ASKED, Merge
from tests.support.around import around
from tests.support.hubs import facts, healthy

ROOT = Path(__file__).parents[2]
VIEWS = {
    Part.NODES: "nodes",
    Part.CLAIMS: "claims",
    Part.BUDGETS: "budgets",
    Part.QUOTAS: "quotas",
    Part.DEPLOYMENTS: "deployments",
    Part.REVISIONS: "revisions",
    Part.WORKLOADS: "workloads",
    Part.MEMORY: "memory",
    Part.CLUSTER_PODS: "pods",
    Part.CLUSTER_EVENTS: "events",
    Part.PROXY_LOG: "proxy_log",
    Part.MERGES: "merges",
}
WHY = "Cluster teaching does not answer: check the network."


def without(part: Part) -> HubFacts:
    """A healthy hub of which one part could not be read."""
    signs: dict[Part, dict[str, Any]] = {
        Part.METRICS: {"metrics": Unknown(why=WHY)},
        Part.CERTIFICATE: {"certificate": Unknown(why=WHY)},
    }
    return around(**(signs.get(part) or {VIEWS[part]: View.unread(WHY)}))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_healthy_hub_has_no_finding(rule: Any) -> None:
    assert list(rule(around())) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_explains_itself(rule: Any) -> None:
    first, *_ = (rule.__doc__ or "").splitlines()
    assert len(first) > 30


def test_the_readme_lists_what_is_looked_for() -> None:
    folder = ROOT / "bot" / "diagnose"
    named = {
        n for file in folder.glob("*.py") for n in re.findall(r'rule="([\w-]+)"', file.read_text())
    }
    lines = (ROOT / "README.md").read_text().partition("### What a diagnosis looks for")[2]
    table = lines.partition("\n## ")[0].split("| --- | --- | --- |")[1].splitlines()
    first = " ".join(line.split("|")[1] for line in table if line.startswith("|"))
    assert set(re.findall(r"`([\w-]+)`", first)) == named


def test_a_healthy_hub_is_called_well() -> None:
    assert headline(around(), []) == (
        "The hub and its proxy answer, and all 3 users with a running server have their route."
    )


@pytest.mark.parametrize("part", sorted(MORE - {Part.NOTICE}))
def test_what_was_not_read_is_a_finding_and_never_well(part: Part) -> None:
    seen = without(part)
    (finding,) = diagnose(seen)
    assert finding.severity is Severity.UNKNOWN
    assert finding.text.startswith("mayday can't tell ")
    assert finding.text.endswith(": Cluster teaching does not answer: check the network.")
    assert finding.affects is None and finding.at is None and finding.remedy is None
    assert "mayday can't tell" in headline(seen, [finding])


def test_a_hub_without_a_repository_has_no_merges_to_read() -> None:
    unread: View[Merge] = View.unread(NOT_ASKED)
    assert diagnose(around(merges=unread)) == []
    assert diagnose(replace(around(merges=unread), asked=MORE - {Part.MERGES})) == []


def test_a_proxy_without_a_memory_limit_has_no_memory_to_read() -> None:
    assert (
        diagnose(replace(around(memory=View.unread(NOT_ASKED)), asked=MORE - {Part.MEMORY})) == []
    )


@pytest.mark.parametrize("part", sorted(MORE - {Part.MERGES, Part.NOTICE, Part.MEMORY}))
def test_what_was_not_asked_is_unknown_too(part: Part) -> None:
    asked = without(part)
    (finding,) = diagnose(replace(asked, asked=MORE - {part}))
    assert finding.severity is Severity.UNKNOWN


@pytest.mark.parametrize("lost", ("servers", "pods", "routes"))
def test_without_a_view_of_the_hub_nobody_can_tell(lost: str) -> None:
    well = healthy("ana", "ben")
    views: dict[str, Any] = {
        "servers": well.servers,
        "pods": well.pods,
        "routes": well.routes,
        lost: None,
    }
    seen = around(facts(**views))
    findings = diagnose(seen)
    assert any(each.severity is Severity.UNKNOWN for each in findings)
    assert f"No {lost} today" in headline(seen, findings)
    assert not any(each.severity > Severity.UNKNOWN for each in findings)


def test_one_reason_is_said_once_for_all_that_it_hides() -> None:
    hidden = View.unread(WHY)
    seen = around(nodes=hidden, claims=hidden, quotas=hidden)
    (finding,) = diagnose(seen)
    assert finding.text == (
        "mayday can't tell whether a node is down or cordoned, or the core pool is at zero and 2 other "
        "things: Cluster teaching does not answer: check the network."
    )
    assert finding.evidence == (
        "It can't tell either whether a volume is missing; whether a quota is used up.",
    )


def test_the_right_that_is_missing_is_said_with_the_rule_that_grants_it() -> None:
    why = (
        "mayday isn't allowed to list nodes of cluster teaching: grant it in the ClusterRole of mayday's "
        'service account, with the rule “apiGroups: [""], resources: [nodes], verbs: [list]”.'
    )
    (finding,) = diagnose(around(nodes=View.unread(why)))
    assert "resources: [nodes]" in finding.text


def test_findings_are_sorted_by_severity_then_time() -> None:
    seen = around(nodes=(), core=())
    findings = diagnose(seen)
    severities = [each.severity for each in findings]
    assert severities == sorted(severities, reverse=True)
