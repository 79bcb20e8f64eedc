"""What of a plan has to be approved again: more than was approved, never less."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.runbook.changes import difference
from bot.runbook.losses import Loss, LossKind
from bot.runbook.plan import Plan
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers as CLEAR
from runbooks.restart_proxy import restart_proxy as RESTART
from tests.support.hubs import evicted, facts, pod, route, server, stuck, terminating

APPROVED = CLEAR.plan(stuck())
LESS = replace(APPROVED, steps=APPROVED.steps[:2], losses=())
LOSS = Loss(kind=LossKind.SERVER, servers=2, active=1, unknown=0)
CAUTION = (
    "Used in the last 10 minutes although no pod is seen: stop. Check that their pods are well."
)


def with_(plan: Plan = APPROVED, **changes: object) -> Plan:
    return replace(plan, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("approved", "fresh", "said"),
    [
        (APPROVED, APPROVED, ()),
        (APPROVED, LESS, ()),
        (APPROVED, with_(steps=(), nothing_to_do="No server is stuck."), ()),
        (
            LESS,
            with_(LESS, steps=APPROVED.steps[:3]),
            (f"Steps that were not in the plan: delete pod {APPROVED.steps[2].target}.",),
        ),
        (
            with_(losses=(LOSS,)),
            with_(losses=(replace(LOSS, servers=3, active=2, unknown=1),)),
            (
                "3 servers end with what is not saved, 2 before.",
                "2 of them were used in the last ten minutes, 1 before.",
                "Of 1 of them the last activity is unknown, 0 before.",
            ),
        ),
        (with_(losses=(LOSS,)), with_(losses=(replace(LOSS, servers=1),)), ()),
        (
            APPROVED,
            with_(over_limit="It ends 40."),
            ("The plan is over the limit now: It ends 40.",),
        ),
        (with_(cautions=()), with_(cautions=(CAUTION,)), (f"New: {CAUTION}",)),
        (
            with_(cautions=(CAUTION,)),
            with_(cautions=(CAUTION.replace("stop.", "gone, unsent."),)),
            (),
        ),
    ],
    ids=["same", "less", "nothing", "step", "losses", "lost less", "limit", "caution", "name"],
)
def test_only_more_is_a_difference(approved: Plan, fresh: Plan, said: tuple[str, ...]) -> None:
    assert difference(approved, fresh) == said


def test_a_pod_that_was_replaced_is_another_step() -> None:
    def of(uid: str) -> Plan:
        ana = replace(terminating("ana"), uid=uid)
        return CLEAR.plan(
            facts(
                servers=(server("ana", pending="stop"), server("zoe")),
                pods=(ana, pod("zoe")),
                routes=(route("zoe"),),
            )
        )

    assert difference(of("one"), of("one")) == ()
    (said,) = difference(of("one"), of("two"))
    assert said == "Steps that were not in the plan: force delete pod jupyter-ana."


def test_independent_steps_beside_each_other_are_one_stage() -> None:
    assert APPROVED.stages == ((1, 2, 3, 4, 5),)
    assert RESTART.plan(evicted("ana")).stages == ((1,), (2,))
    assert with_(steps=()).stages == ()
