"""A diagnosis as a message and as lines: within Slack's limits, harmless, and readable."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.diagnose import Finding, Remedy, Severity
from bot.diagnose.found import Found, Verdict
from bot.domain.evidence import View
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import Condition, Pod
from bot.ports import Post
from bot.render.diagnose import (
    Audience,
    changes,
    diagnosis_lines,
    diagnosis_post,
    finding_text,
    planning,
)
from tests.smoke.samples import longest_diagnosis
from tests.support.hubs import NOW, evicted, facts, healthy, pod, server, stuck

LOST = Finding(
    rule="routes_lost",
    key="proxy",
    severity=Severity.CRITICAL,
    text="The proxy lost its routes.",
    at=NOW - timedelta(minutes=4),
    evidence=("evicted", "low on memory", "a third line"),
    remedy=Remedy(runbook="resync-routes", label="Resync the routes"),
    affects=2,
)
ROLLOUT = Finding(rule="rollout", key="hub", severity=Severity.NOTE, text="Rolled out.", by="U0BEN")


def found(read: HubFacts, *findings: Finding) -> Found:
    return replace(Found.of(read), findings=findings)


def shown(value: Found, audience: Audience = Audience.INCIDENT) -> Post:
    return diagnosis_post(value, id="abc123", by="U0ANA", audience=audience)


def buttons(post: Post) -> list[tuple[str, str, str]]:
    return [
        (each["text"]["text"], each["action_id"], each["value"])
        for block in post.blocks
        if block["type"] == "actions"
        for each in block["elements"]
    ]


def text(post: Post) -> str:
    return json.dumps(post.blocks, ensure_ascii=False)


def test_everything_wrong_at_once_stays_within_slacks_limits() -> None:
    post = longest_diagnosis("U0ANA")
    assert len(post.blocks) <= 50
    for block in post.blocks:
        if block["type"] == "section":
            assert len(block["text"]["text"]) <= 3000
    assert sum(len(b["text"]["text"]) for b in post.blocks if b["type"] == "section") < 10_000
    assert len(post.text) <= 4000


def test_two_thousand_users_are_counted_and_ten_are_listed() -> None:
    users = [f"student{n:04}" for n in range(2000)]
    post = shown(found(evicted(*users)))
    listed = [user for user in users if f"`{user}`" in text(post)]
    assert listed == users[:10]
    assert "2000 route missing, work is safe" in text(post)
    assert "and 1990 more: *Attach evidence* lists all" in text(post)
    assert "user-node-1" in text(post)


def test_a_class_of_servers_is_said_once() -> None:
    post = text(shown(found(evicted("ana", "ben", "chen"))))
    assert post.count("route missing, work is safe* (hub: ready · pod: Running · route: no)") == 1
    assert "`ana`, `ben`, `chen` on `user-node-1`" in post


def test_what_hubs_say_pings_nobody_and_forms_no_markup() -> None:
    hostile = "<!channel>`*x*\n>"
    read = facts(servers=(server(hostile),), pods=(pod(hostile),))
    value = found(read, replace(LOST, text=hostile, evidence=(hostile,)))
    value = replace(value, headline=hostile, unknown=(UnknownPart(part=Part.PODS, why=hostile),))
    post = shown(value)
    assert "<!channel>" not in text(post)
    assert "<!channel>" not in post.text
    assert "`&lt;!channel&gt;'*x* &gt;`" in text(post)


def test_a_finding_has_its_own_time_and_two_lines_of_evidence() -> None:
    post = text(shown(found(evicted("ana"), LOST)))
    at = int((NOW - timedelta(minutes=4)).timestamp())
    assert f"🔴 <!date^{at}^{{date_short_pretty}} {{time_secs}}|2026-11-22 11:56:00 UTC>" in post
    assert "low on memory" in post
    assert "a third line" not in post


def test_the_buttons_are_those_that_help_where_it_is_shown() -> None:
    value = found(evicted("ana"), LOST, ROLLOUT)
    outside = [
        ("Resync the routes …", "diagnosis.remedy", "abc123/1"),
        ("Declare an incident", "diagnosis.declare", "abc123"),
        ("Post here", "diagnosis.post", "abc123"),
        ("Diagnose again", "diagnosis.again", "datahub"),
        ("Attach evidence", "diagnosis.evidence", "abc123"),
    ]
    assert buttons(shown(value, Audience.ASKER)) == outside
    assert buttons(shown(value, Audience.CHANNEL)) == [outside[0], outside[1], *outside[3:]]
    assert buttons(shown(value)) == [
        outside[0],
        ("Add to timeline", "diagnosis.add", "abc123/1"),
        ("Add to timeline", "diagnosis.add", "abc123/2"),
        *outside[3:],
    ]
    assert "By <@U0BEN>." in text(shown(value))


def test_the_same_remedy_is_offered_once() -> None:
    again = replace(LOST, rule="unrouted", text="2 users are cut off.")
    other = replace(LOST, rule="other", remedy=Remedy(runbook="restart-proxy", label="Restart"))
    labels = [name for name, *_ in buttons(shown(found(evicted("a", "b"), LOST, again, other)))]
    assert labels[:5] == ["Resync the routes …", *["Add to timeline"] * 2, "Restart …", labels[1]]


def test_a_rule_that_could_not_read_stands_under_what_is_not_known() -> None:
    blind = Finding(rule="nodes", key="", severity=Severity.UNKNOWN, text="No nodes today.")
    value = replace(
        found(healthy("ana"), blind), unknown=(UnknownPart(part=Part.NODES, why="No nodes today."),)
    )
    post = text(shown(value))
    assert value.verdict is Verdict.UNKNOWN
    assert post.count("No nodes today.") == 1
    assert "*Not known*" in post
    assert "diagnosis.add" not in post


def test_a_well_hub_says_so() -> None:
    post = shown(found(healthy("ana")), Audience.ASKER)
    assert post.text.startswith("🟢")
    assert "No rule found anything." in text(post)
    assert "Not well" not in text(post)


def test_findings_that_do_not_fit_are_counted() -> None:
    many = [replace(LOST, key=str(n)) for n in range(30)]
    value = found(evicted("ana"), *many).shortened(servers=10, findings=12)
    post = text(shown(value))
    listed = post.count("The proxy lost its routes.")
    assert 0 < listed <= 8
    assert f"and {30 - listed} more findings" in post


def test_lines_for_a_terminal_steer_none() -> None:
    hostile = "ana\x1b[2J"
    read = facts(servers=(server(hostile),), pods=(pod(hostile),))
    lines = diagnosis_lines(found(read, replace(LOST, text=hostile)))
    assert all(char.isprintable() for line in lines for char in line)
    assert any("mayday runbooks plan resync-routes --hub datahub" in line for line in lines)


def test_the_command_of_a_remedy_has_its_arguments_and_is_one_command() -> None:
    grow = Remedy(
        runbook="grow-volume",
        label="Grow",
        arguments={"claim": "hub-db-dir; rm -r ~", "size": "2Gi"},
    )
    assert planning(grow, "data hub") == (
        "mayday runbooks plan grow-volume --hub 'data hub' --set 'claim=hub-db-dir; rm -r ~' "
        "--set size=2Gi"
    )


def test_who_did_it_is_mentioned_only_by_a_users_id() -> None:
    """Anybody who may annotate a node writes there who cordoned it."""
    hostile = replace(ROLLOUT, by="U1> <!channel> <@U2")
    shown = finding_text(hostile)
    assert "<!channel>" not in shown and "<@U2" not in shown
    assert "By <@U0BEN>." in finding_text(ROLLOUT)


def test_what_is_left_out_of_a_message_counts_only_what_it_would_show() -> None:
    blind = replace(ROLLOUT, severity=Severity.UNKNOWN, by="")
    many = found(healthy("ana"), *[LOST] * 3, *[blind] * 9)
    assert many.shortened(servers=1, findings=2).more == 1


def test_servers_and_gaps_lose_their_secrets() -> None:
    unread = View[Pod].unread("It says token=Planted1.")
    read = facts(servers=(server("ana", pending="spawn"),), pods=unread)
    kept = json.dumps(Found.of(read).to_json())
    assert "token=[redacted]" in kept and "Planted" not in kept


def test_a_remedy_on_a_terminal_has_its_arguments() -> None:
    remedy = Remedy(
        runbook="cordon-node",
        label="Cordon it",
        arguments={"node": "core-1", "reason": "disk full", "users": ["ana", "ben"]},
    )
    (line,) = (
        line
        for line in diagnosis_lines(found(healthy("ana"), replace(LOST, remedy=remedy)))
        if "Cordon it" in line
    )
    said = (
        "cordon-node --hub datahub --set node=core-1 --set 'reason=disk full' --set users=ana,ben"
    )
    assert said in line


def test_pods_that_were_not_read_are_not_said_to_be_missing() -> None:
    why = "The cluster refuses the credentials of mayday."
    value = found(facts(servers=(server("ana"), server("ben")), pods=None))
    value = replace(
        value,
        unknown=(UnknownPart(part=Part.PODS, why=why),),
        servers=tuple(replace(each, why=why) for each in value.servers),
    )
    lines = diagnosis_lines(value)
    (row,) = (line for line in lines if line.startswith("ana "))
    assert "  ?  " in row
    assert "none" not in row
    assert sum(why in line for line in lines) == 1
    assert "pod: ?" in text(shown(value))
    assert text(shown(value)).count(why) == 1


def test_every_condition_is_listed() -> None:
    value = found(stuck())
    assert {each.condition for each in value.servers} == {
        kind for kind in value.counts if kind is not Condition.OK
    }
    lines = "\n".join(diagnosis_lines(value))
    assert all(each.user in lines for each in value.servers)


@pytest.mark.parametrize("turn", [False, True])
def test_changes_say_what_is_new_and_what_is_gone(turn: bool) -> None:
    well, broken = found(healthy("ana", "ben")), found(evicted("ana", "ben"), LOST)
    said = changes(broken, well) if turn else changes(well, broken)
    assert ("gone: " if turn else "new: ") + "The proxy lost its routes." in said
    assert ("0 → 2 user routes" if turn else "2 → 0 user routes") in said
    assert ("2 → 0 " if turn else "0 → 2 ") + "route missing, work is safe" in said
    assert changes(broken, broken) == []
