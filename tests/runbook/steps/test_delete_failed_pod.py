"""The deletion of a pod that ended looks at that pod only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.hubs import Pod
from bot.runbook import DeleteFailedPod
from tests.support.hubs import NOW, facts
from tests.support.scripted import PROXY_POD, Scripted, site

ENDED = replace(PROXY_POD, name="proxy-0", uid="uid-0", phase="Failed", reason="Evicted")
DELETE = DeleteFailedPod.of(ENDED)


def having(*pods: Pod) -> Scripted:
    return Scripted(parts=list(pods))


@pytest.mark.parametrize(
    ("pods", "drifted", "done", "gone"),
    [
        ((ENDED,), False, False, False),
        ((), True, True, True),
        ((replace(ENDED, uid="another"),), True, True, True),
        ((replace(ENDED, phase="Running"),), True, False, False),
        ((replace(ENDED, deleting_since=NOW),), False, True, False),
    ],
    ids=["as planned", "gone", "replaced", "running", "being deleted"],
)
def test_what_the_pod_shows(pods: tuple[Pod, ...], drifted: bool, done: bool, gone: bool) -> None:
    party = having(*pods)
    assert bool(DELETE.drifted(site(party))) is drifted
    assert DELETE.already_done(site(party)) is done
    assert DELETE.look(site(party), facts).holds is gone
    assert set(party.asked) == {"pod"}
