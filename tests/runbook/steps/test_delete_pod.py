"""A deletion is verified when the pod is gone; one under way counts as done for mayday."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod
from bot.runbook import DeletePod
from tests.support.hubs import NOW, facts, pod, stuck
from tests.support.scripted import Scripted, site
from tests.support.steps import look_at

ROW = next(row for row in stuck().rows if row.user == "orphan")
ORPHAN = DeletePod.of(ROW)


def test_it_names_the_pod_and_what_is_lost() -> None:
    assert (ORPHAN.target, ORPHAN.uid, ORPHAN.loses) == (
        "jupyter-orphan",
        "uid-orphan",
        ("orphan",),
    )
    another = DeletePod.of(replace(ROW, pod=replace(pod("orphan"), uid="another")))
    assert another.id != ORPHAN.id


def test_a_server_without_a_pod_has_none_to_delete() -> None:
    with pytest.raises(ValueError, match="orphan has no pod"):
        DeletePod.of(replace(ROW, pod=None))


@pytest.mark.parametrize(
    ("live", "answer"),
    [
        ([], True),
        ([replace(pod("orphan"), deleting_since=NOW)], True),
        ([pod("orphan")], False),
        ([replace(pod("orphan"), uid="another")], True),
    ],
    ids=["gone", "going", "there", "another"],
)
def test_what_the_target_shows_after_a_kill(live: list[Pod], answer: bool) -> None:
    assert ORPHAN.already_done(site(Scripted(live=live))) is answer


@pytest.mark.parametrize(
    ("seen", "holds", "why"),
    [
        (facts(), True, ""),
        (facts(pods=(pod("orphan", phase="Failed"),)), False, ""),
        (facts(pods=(replace(pod("orphan"), uid="another"),)), True, ""),
        (facts(pods=None), None, "No pods today."),
    ],
    ids=["gone", "ended", "another", "unread"],
)
def test_a_look_wants_the_pod_gone(seen: HubFacts, holds: bool | None, why: str) -> None:
    look = look_at(ORPHAN, seen)
    assert (look.holds, look.why) == (holds, why)
