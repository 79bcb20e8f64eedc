"""Roll a Deployment back: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.cluster import REVISION_HISTORY, ClusterFacts, Revision
from bot.domain.evidence import View
from bot.domain.facts import MORE, HubFacts
from bot.domain.hubs import Deployment
from bot.domain.signs import Merge, Signs
from bot.domain.templates import differences, fingerprint
from bot.runbook import LossKind, OpenRevert, RollBack
from bot.runbook.plan import Plan
from runbooks.roll_back import roll_back
from tests.support.hubs import NOW, PLACE, PROXY, healthy
from tests.support.scripted import Scripted, site

HUB = replace(PROXY, name="hub", generation=7, observed_generation=7)
SECRET = "hunter2"


def template(image: str, **env: str) -> dict[str, Any]:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    return {
        "metadata": {"labels": {"component": "hub", "pod-template-hash": image[-3:]}},
        "spec": {"containers": [{"name": "hub", "image": image, "env": variables}]},
    }


def revision(number: int, image: str, name: str = "hub", **more: Any) -> Revision:
    return Revision(
        deployment=name,
        number=number,
        name=f"{name}-{number}",
        created_at=NOW - timedelta(hours=10 - number),
        template=template(image),
        **more,
    )


OLD, NEW = revision(4, "hub:4.0"), revision(5, "hub:5.0")
MERGE = Merge(
    repository="our-org/datahub",
    number=17,
    title="Upgrade the hub",
    url="https://github.example.org/our-org/datahub/pull/17",
    merged_at=NOW - timedelta(hours=5, minutes=10),
    commit="abc123",
)


def seen(
    *revisions: Revision,
    deployments: tuple[Deployment, ...] = (HUB,),
    merges: View[Merge] | None = None,
    unknown: str = "",
) -> HubFacts:
    return replace(
        healthy("ana", "ben"),
        around=ClusterFacts(
            deployments=View(items=deployments),
            revisions=View(items=revisions).marked_incomplete(unknown),
        ),
        signs=Signs(merges=merges or View(items=(MERGE,))),
        asked=MORE,
    )


def planned(facts: HubFacts, **asked: Any) -> Plan:
    return roll_back.plan(facts, roll_back.arguments(asked))


def test_it_goes_back_one_revision_and_opens_the_revert() -> None:
    plan = planned(seen(OLD, NEW, revision(9, "proxy:9", "proxy")))
    back, revert = plan.steps
    assert isinstance(back, RollBack)
    assert (back.deployment, back.generation, back.current, back.number) == ("hub", 7, 5, 4)
    assert back.template == fingerprint(OLD.template)
    assert back.changes == ("hub: image hub:5.0 → hub:4.0",)
    assert isinstance(revert, OpenRevert)
    assert revert.target == "our-org/datahub#17"
    assert "hub: image hub:5.0 → hub:4.0" in plan.summary
    assert any("The hub restarts" in text for text in plan.cautions)
    assert plan.losses == ()


def test_of_the_proxy_it_drops_connections_and_writes_the_routes_back() -> None:
    facts = seen(revision(1, "p:1", "proxy"), revision(2, "p:2", "proxy"), deployments=(PROXY,))
    plan = planned(facts, deployment="proxy")
    assert [step.verb for step in plan.steps][:2] == ["roll_back", "resync_routes"]
    (loss,) = plan.losses
    assert (loss.kind, loss.servers) == (LossKind.CONNECTION, 2)


def test_an_earlier_revision_can_be_named() -> None:
    seen_three = seen(revision(3, "hub:3.0"), OLD, NEW)
    plan = planned(seen_three, revision=3)
    (back, *_) = plan.steps
    assert isinstance(back, RollBack)
    assert back.number == 3
    assert any("reverts only the latest merge" in text for text in plan.cautions)
    one_back = planned(seen_three).cautions
    assert not any("reverts only the latest merge" in text for text in one_back)


@pytest.mark.parametrize(
    ("facts", "asked", "said"),
    [
        (seen(OLD, NEW, deployments=(PROXY,)), {}, "no Deployment hub in namespace datahub-prod"),
        (seen(OLD, NEW, deployments=(replace(HUB, paused=True),)), {}, "is paused"),
        (seen(NEW), {}, "no earlier revision"),
        (seen(), {}, "no earlier revision"),
        (seen(OLD, NEW), {"revision": 5}, "is at revision 5 already"),
        (seen(OLD, NEW), {"revision": 2}, "has no revision 2. It has 5, 4."),
        (seen(revision(4, "hub:5.0"), NEW), {}, "has the same template"),
    ],
)
def test_nothing_to_roll_back(facts: HubFacts, asked: dict[str, Any], said: str) -> None:
    plan = planned(facts, **asked)
    assert (plan.steps, plan.undecided) == ((), ())
    assert said in plan.nothing_to_do


def test_a_second_plan_does_not_go_forward_again() -> None:
    back = replace(OLD, number=6, annotations={REVISION_HISTORY: "4"})
    plan = planned(seen(NEW, back))
    assert plan.steps == ()
    assert "is a rollback already" in plan.nothing_to_do
    assert planned(seen(NEW, back), revision=5).steps, "but a person may name where to go"


def test_an_incomplete_list_of_revisions_decides_nothing() -> None:
    plan = planned(seen(OLD, NEW, unknown="The list is incomplete."))
    assert (plan.steps, plan.nothing_to_do) == ((), "")


@pytest.mark.parametrize(
    ("merges", "said"),
    [
        (View.unread("No repository is configured."), "(No repository is configured)"),
        (View(), "doesn't know which merge made revision 5."),
        (View(items=(replace(MERGE, merged_at=NOW),)), "doesn't know which merge"),
        (
            View(items=(replace(MERGE, merged_at=MERGE.merged_at - timedelta(days=1)),)),
            "doesn't know which merge",
        ),
    ],
)
def test_without_the_merge_it_says_what_to_do_by_hand(merges: View[Merge], said: str) -> None:
    plan = planned(seen(OLD, NEW, merges=merges))
    assert [step.verb for step in plan.steps] == ["roll_back"]
    assert any(said in text and "by hand" in text for text in plan.cautions)


def test_no_value_of_an_environment_variable_is_shown() -> None:
    then, now = template("hub:1", TOKEN=SECRET, OLD="x"), template("hub:1", TOKEN="other", NEW="y")
    found = differences(now, then)
    assert found == (
        "hub: environment variable NEW removed",
        "hub: environment variable OLD added",
        "hub: environment variable TOKEN changed",
    )
    old, new = replace(OLD, template=then), replace(NEW, template=now)
    assert SECRET not in str(planned(seen(old, new)).to_json())


def test_other_differences_are_named() -> None:
    now, then = template("hub:1"), template("hub:1")
    now["metadata"]["annotations"] = {"checksum/config-map": "a"}
    then["spec"]["containers"][0]["args"] = ["--debug"]
    then["spec"]["containers"].append({"name": "side", "image": "side:1"})
    then["spec"]["nodeSelector"] = {"pool": "core"}
    assert differences(now, then) == (
        "annotation checksum/config-map removed",
        "hub: args none → --debug",
        "container side added",
        "nodeSelector added",
    )


def test_a_change_that_has_no_revision_yet_is_waited_for() -> None:
    """The latest revision is that of the template before, so its predecessor would be the wrong one."""
    plan = planned(seen(OLD, NEW, deployments=(replace(HUB, generation=8),)))
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    assert "has not made a revision" in plan.undecided[0].why


def test_from_a_rollback_no_merge_is_reverted() -> None:
    back = replace(OLD, number=6, annotations={REVISION_HISTORY: "4"}, created_at=NEW.created_at)
    plan = planned(seen(NEW, back), revision=5)
    assert [step.verb for step in plan.steps] == ["roll_back"]


def test_the_hub_may_have_another_name() -> None:
    place = replace(PLACE, hub_deployment="dhub")
    older, newer = revision(4, "hub:4.0", "dhub"), revision(5, "hub:5.0", "dhub")
    facts = replace(seen(older, newer, deployments=(replace(HUB, name="dhub"),)), place=place)
    plan = planned(facts)
    assert plan.steps[0].target == "dhub"
    assert any("The hub restarts" in text for text in plan.cautions)
    assert "dhub" in {getattr(right, "name", "") for right in RollBack.needs(place)}


def test_a_look_opens_no_pull_request() -> None:
    revert = OpenRevert.of(MERGE)
    assert revert.look(site(Scripted()), healthy).holds
    assert revert.measure.within == 0


@pytest.mark.parametrize(
    "args",
    [
        [f"--auth-token={SECRET}{SECRET}"],
        ["--db-password", SECRET],
        ["sh", "-c", f"jupyterhub --db postgresql://hub:{SECRET}@db/hub"],
    ],
)
def test_secrets_of_a_command_are_not_shown(args: list[str]) -> None:
    then = template("hub:1")
    then["spec"]["containers"][0]["args"] = ["--debug", *args]
    (said,) = differences(template("hub:1"), then)
    assert said.startswith("hub: args none → --debug")
    assert SECRET not in said
