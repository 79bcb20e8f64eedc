"""What a plan says of each step: its command by hand, how success is known, how it is taken back."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import pytest

from bot.domain.hubs import Condition
from bot.render import by_hand
from bot.render.plans import plan_blocks, plan_lines
from bot.render.steps import WORDS
from bot.runbook import DeletePod, ResyncRoutes, Step, StopServer
from tests.support.hubs import PLACE as WHERE
from tests.support.hubs import evicted, stale, stuck
from tests.support.plan_texts import CLEAR, MANY, RESYNC, clearing, crowd, nasty, texts
from tests.support.steps import ONE_OF_EACH


@pytest.mark.parametrize("step", ONE_OF_EACH, ids=lambda step: str(step.verb))
def test_every_kind_has_a_command_a_measure_and_a_way_back(step: Step) -> None:
    for sentence in (by_hand.success(step, WHERE), by_hand.undo(step, WHERE)):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert "?" not in sentence
    command = by_hand.command(step, WHERE)
    assert command
    assert not re.search(r"\{\w+\}", command)
    assert "?" not in command
    words = shlex.split(command)
    if words[0] == "kubectl":
        assert words[1:3] == ["--context", WHERE.cluster]
    assert step.target in by_hand.target(step, WHERE)


def test_every_kind_is_tried() -> None:
    assert {words.verb for words in WORDS} == {step.verb for step in ONE_OF_EACH}


NASTY = "a b'; rm -rf / #`$(reboot)`\n&<!channel>"


def test_a_name_can_add_nothing_to_a_command() -> None:
    user = StopServer(user=NASTY, server="", condition=Condition.STUCK_SPAWN, started=None, uid="u")
    (*_, address) = shlex.split(by_hand.command(user, WHERE))
    assert address.startswith("$HUB_API/users/a%20b%27%3B%20rm")
    assert not set(address) & set(" '`()&<>\n")
    above = replace(user, user="../services/x", server="../y")
    assert shlex.split(by_hand.command(above, WHERE))[-1].count("/") == 4
    pod = DeletePod(
        user="ana", server="", condition=Condition.ORPHAN, started=None, uid="u", pod=NASTY
    )
    words = shlex.split(by_hand.command(pod, replace(WHERE, cluster="x; y")))
    assert words[:3] == ["kubectl", "--context", "x; y"]
    assert words[-1] == NASTY.replace("\n", "?")
    for text in texts(plan_blocks(CLEAR.plan(nasty()), CLEAR.title)):
        assert "<!channel>" not in text


def test_kubectl_always_names_its_context(monkeypatch: pytest.MonkeyPatch) -> None:
    words = replace(by_hand.words_of("delete_pod"), by_hand="kubectl get pod && kubectl delete pod")
    monkeypatch.setattr(by_hand, "words_of", lambda _verb: words)
    assert by_hand.command(ResyncRoutes(), WHERE) == (
        "kubectl --context teaching get pod && kubectl --context teaching delete pod"
    )


def test_many_steps_show_few_commands_in_slack_and_all_on_a_terminal() -> None:
    plan = clearing(crowd(300))
    (shown,) = (t for t in texts(plan_blocks(plan, CLEAR.title)) if by_hand.BY_HAND in t)
    assert shown.count("kubectl") == by_hand.COMMANDS
    typed = "`mayday runbooks plan force-delete-stuck-servers --hub datahub`"
    assert f"and 297 more: on a terminal, {typed} with the same parameters prints all." in shown
    lines = plan_lines(plan, CLEAR.title)
    assert sum("by hand: kubectl" in line for line in lines) == 300
    assert sum(f"/ datahub / jupyter-{MANY[299]}" in line for line in lines) == 1


def test_each_sentence_is_said_once() -> None:
    plan = CLEAR.plan(stuck())
    assert len(plan.steps) > 3
    said = "\n".join(texts(plan_blocks(plan, CLEAR.title)))
    assert said.count("The user can start the server again;") == 1


def test_the_variables_of_a_request_are_explained() -> None:
    (shown,) = (
        t for t in texts(plan_blocks(RESYNC.plan(evicted("ana")), "x")) if by_hand.BY_HAND in t
    )
    assert '"$HUB_API/proxy"' in shown
    assert "`$HUB_API` is the address of the API of hub datahub" in shown
    plan = CLEAR.plan(stale())
    assert "servers/" in by_hand.command(plan.steps[0], WHERE)
