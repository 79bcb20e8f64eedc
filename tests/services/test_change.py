"""Each change is one transaction and one act: a redelivery of it changes nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

from bot.bootstrap import Bot
from bot.domain.incident import Answers, Incident
from bot.errors import UserError
from bot.services.change import Changes, StateChange
from bot.store import incidents as rows
from sandbox.slack import Channel, Fault, PersonError, SlackSandbox, on_delivery
from tests.support.bot import Scene
from tests.support.waiting import wait_until

Verb = Callable[[Changes, StateChange], object]

VERBS: dict[str, Verb] = {
    "status": lambda changes, change: changes.status(change, "fixing", "now"),
    "severity": lambda changes, change: changes.severity(change, "sev1"),
    "role": lambda changes, change: changes.role(change, "scribe", "U0BEN"),
    "update": lambda changes, change: changes.update(change, "Still looking."),
    "action item": lambda changes, change: changes.action_item(change, "Add an alert."),
    "resolve": lambda changes, change: changes.status(change, "resolved"),
}


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident's channel."""
    return scene.declare()


def by_ana(scene: Scene, channel: Channel, idempotency_key: str = "command/1") -> StateChange:
    """Ana does something."""
    return StateChange(
        incident_id=scene.incident(channel.id).id, by=scene.ana.id, idempotency_key=idempotency_key
    )


@pytest.mark.parametrize("verb", VERBS)
def test_the_same_act_again_changes_nothing(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel, verb: str
) -> None:
    changes = bot.context.changes
    VERBS[verb](changes, by_ana(scene, channel))
    once: tuple[Incident, int] = scene.incident(channel.id), len(scene.entries(channel.id))
    assert once[1] == 2
    VERBS[verb](changes, by_ana(scene, channel))
    assert (scene.incident(channel.id), len(scene.entries(channel.id))) == once
    slack.wait_for(lambda: len(scene.posts(channel.id, "entry")) == 1, what="the channel is told")


def test_a_redelivered_form_is_one_update(
    scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    scene.ana.command(channel.id, "/incident update")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    slack.faults = [on_delivery("view_submission", Fault(drop=True))]
    with pytest.raises(PersonError):
        scene.ana.submit(view["id"], {"text": "Routes are coming back."})
    slack.faults = []
    scene.ana.submit(view["id"], {"text": "Routes are coming back."})
    kinds = [entry.kind.value for entry in scene.entries(channel.id)]
    assert kinds == ["declared", "update"]


def test_a_refused_change_leaves_nothing_behind(bot: Bot, scene: Scene, channel: Channel) -> None:
    before = scene.incident(channel.id), scene.entries(channel.id)
    refused: list[Callable[[], object]] = [
        lambda: bot.context.changes.status(by_ana(scene, channel), "broken"),
        lambda: bot.context.changes.update(by_ana(scene, channel), "  "),
        lambda: bot.context.changes.action_item(by_ana(scene, channel), " "),
        lambda: bot.context.changes.action_item(by_ana(scene, channel), "x", link="ftp://x"),
        lambda: bot.context.changes.close(
            by_ana(scene, channel), Answers(), title="x", summary="", hubs=()
        ),
        lambda: bot.context.changes.reopen(by_ana(scene, channel)),
    ]
    for wrong in refused:
        with pytest.raises(UserError):
            wrong()
    assert (scene.incident(channel.id), scene.entries(channel.id)) == before


def test_closing_asks_then_ends_and_a_closed_one_is_left_alone(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    scene.ana.command(channel.id, "/incident resolve all well")
    scene.ana.command(channel.id, "/incident close")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    answers = {"title": "CHP was evicted", "summary": "All routes were lost."}
    assert scene.ana.submit(view["id"], answers) == {}
    slack.wait_for(
        lambda: "closed" in slack.channel(channel.id).topic["value"], what="the topic says so"
    )
    closed = scene.incident(channel.id)
    assert (closed.title, closed.summary, closed.status) == (
        "CHP was evicted",
        "All routes were lost.",
        "closed",
    )
    assert closed.closed_at is not None
    wait_until(lambda: scene.entries(channel.id)[-1].kind == "published", "the report")
    for line in ("status fixing", "severity sev1", "role scribe", "update x", "resolve"):
        reply = scene.ana.command(channel.id, f"/incident {line}")
        assert "reopen it first" in str(reply).lower()
    scene.ana.command(channel.id, "/incident reopen")
    assert scene.incident(channel.id).is_open


def test_a_message_is_filed_as_an_action_item_once(
    scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    ts = scene.ana.say(channel.id, "we need an alert on <routes> & pods")
    for _ in range(2):
        scene.ana.shortcut("file_action_item", channel.id, ts)
        slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
        view = scene.ana.views()[-1]
        assert "we need an alert on <routes> & pods" in json.dumps(view)
        scene.ana.submit(view["id"], {})
    with scene.store.read() as tx:
        items = rows.items(tx, scene.incident(channel.id).id)
    assert [item.title for item in items] == ["we need an alert on <routes> & pods"]


def test_what_people_do_at_once_all_counts(bot: Bot, scene: Scene, channel: Channel) -> None:
    """The row is locked: a later one sees what an earlier one did."""
    acts = [
        lambda n=n, role=role: bot.context.changes.role(
            by_ana(scene, channel, f"command/{n}"), role, scene.ana.id
        )
        for n, role in enumerate(bot.settings.policy.roles)
    ]
    threads = [threading.Thread(target=do) for do in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    found = scene.incident(channel.id)
    assert set(found.roles) == set(bot.settings.policy.roles)
    assert found.version == 1 + len(acts)


def test_an_action_item_of_afterwards_comes_into_the_report_that_is_out(
    bot: Bot, scene: Scene, channel: Channel
) -> None:
    changes = bot.context.changes
    changes.status(by_ana(scene, channel, "c/1"), "resolved")
    told = {"title": "Proxy evicted", "summary": "It was."}
    changes.close(by_ana(scene, channel, "c/2"), Answers(), hubs=("datahub",), **told)
    folder = bot.config.report.directory

    def published() -> str:
        return "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.md"))

    wait_until(lambda: "Proxy evicted" in published(), "the report")
    scene.ana.command(channel.id, "/incident action add an alert on routes")
    wait_until(lambda: "add an alert on routes" in published(), "the report with the item")
    reply = scene.ana.command(channel.id, "/incident note the vendor called back")
    assert reply is not None
    assert "`/incident publish`" in reply["text"]
