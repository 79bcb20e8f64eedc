"""The form of ``/incident run`` in the practice Slack: the runbook is chosen first, then its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.render.run_form import ACTION_CHOOSE
from bot.store import runs
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.clusters import HUB

CLEAR = "force-delete-stuck-servers"
CORDON = '''\
from datetime import timedelta
from typing import Annotated, Literal

from bot.runbook import Draft, Field, HubFacts, NodeName, Purpose, Servers, runbook


@runbook("Cordon a node", purpose=Purpose.NODES)
def mark_node(
    facts: HubFacts,
    node: Annotated[NodeName, Field(description="A node of the core pool.")],
    users: Servers = None,
    expires_after: timedelta = timedelta(hours=4),
    how: Literal["softly", "at once"] = "softly",
    taint: bool = False,
    count: Annotated[int, Field(le=5)] = 1,
    why: str = "",
) -> Draft:
    """Keeps new pods away from a node."""
    return Draft(nothing_to_do="It is cordoned.")
'''


@pytest.fixture
def bot(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Iterator[Bot]:
    books = tmp_path / "books"
    books.mkdir()
    (books / "cordon.py").write_text(CORDON)
    with running(
        slack,
        sqlite_url,
        tmp_path,
        hubs=[HUB, {**HUB, "name": "stat20"}],
        runbooks={"directories": [str(books)]},
        practice={"open_to_all": True},
    ) as made:
        yield made


@pytest.fixture
def form(bot: Bot, scene: Scene) -> Scene:
    """The form, as it opens."""
    channel = scene.declare()
    scene.ana.command(channel.id, "/incident run")
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    return scene


def blocks(scene: Scene) -> dict[str, dict[str, Any]]:
    """The inputs of the form that is open, by block id."""
    return {b["block_id"]: b for b in scene.ana.views()[-1]["blocks"] if b["type"] == "input"}


def choose(scene: Scene, runbook: str, **typed: Any) -> None:
    view = scene.ana.views()[-1]
    scene.ana.view_press(view["id"], ACTION_CHOOSE, "runbook", typed, value=runbook)
    scene.slack.wait_for(
        lambda: scene.ana.views()[-1]["hash"] != view["hash"], what="the fields of the runbook"
    )


def test_runbooks_are_grouped_by_what_they_are_for(form: Scene) -> None:
    assert list(blocks(form)) == ["runbook", "hub"]
    menu = blocks(form)["runbook"]["element"]
    groups = {
        group["label"]["text"]: [option["value"] for option in group["options"]]
        for group in menu["option_groups"]
    }
    assert groups["A node or the core pool is in trouble"][-2:] == ["uncordon-node", "mark-node"]
    assert groups["Users can't reach their servers"] == ["resync-routes", "restart-proxy"]
    assert "initial_option" not in menu
    assert "initial_option" not in blocks(form)["hub"]["element"]


def test_a_runbook_brings_its_own_fields_and_what_was_typed_stays(form: Scene) -> None:
    choose(form, "mark-node", hub="stat20")
    shown = blocks(form)
    assert list(shown)[2:] == [
        *("node/node", "servers/users", "duration/expires_after/4h", "choice/how/softly"),
        *("boolean/taint/no", "number/count/1", "text/why"),
    ]
    assert shown["node/node"]["hint"]["text"] == "A node of the core pool."
    assert [block["optional"] for block in shown.values()] == [False] * 3 + [True] * 6
    assert shown["duration/expires_after/4h"]["element"]["initial_value"] == "4h"
    assert shown["choice/how/softly"]["element"]["initial_option"]["value"] == "softly"
    assert shown["boolean/taint/no"]["element"]["initial_option"]["value"] == "no"
    choose(form, CLEAR, **{"servers/users": "ana", "node/node": "core-1"})
    assert list(blocks(form))[2:] == [
        *("servers/users", "choice/kind/every kind", "boolean/start_afterwards/no")
    ]
    state = form.ana.views()[-1]["state"]["values"]
    assert state["hub"]["value"]["selected_option"]["value"] == "stat20"
    assert state["servers/users"]["value"]["value"] == "ana"
    choose(form, "mark-node")
    assert blocks(form)["node/node"]["element"]["initial_value"] == "core-1"


def test_each_error_is_at_its_field(form: Scene) -> None:
    choose(form, "mark-node", hub="datahub")
    view = form.ana.views()[-1]["id"]
    wrong = {"node/node": "core-1", "number/count/1": "9"}
    errors = form.ana.submit(view, wrong)
    assert errors == {"number/count/1": "“9” isn't a valid count: it can be at most 5."}
    both = {"number/count/1": "x" * 300, "duration/expires_after/4h": "soon"}
    errors = form.ana.submit(view, both)
    assert set(errors) == set(both)
    assert len(errors["number/count/1"]) < 150
    errors = form.ana.submit(view, {"number/count/1": "2", "duration/expires_after/4h": "soon"})
    assert list(errors) == ["duration/expires_after/4h"]
    right = {
        "duration/expires_after/4h": "“90m”",
        "choice/how/softly": "at once",
        "boolean/taint/no": "yes",
    }
    assert form.ana.submit(view, right) == {}
    form.until(lambda: bool(planned(form)), "planned")
    assert planned(form) == [
        (
            "mark-node",
            "datahub",
            {
                "node": "core-1",
                "expires_after": 5400.0,
                "how": "at once",
                "taint": True,
                "count": 2,
            },
        )
    ]


def test_fields_that_were_not_shown_are_not_taken_for_empty(form: Scene) -> None:
    """Without the field of users, the plan would be for everybody's servers."""
    view = form.ana.views()[-1]["id"]
    errors = form.ana.submit(view, {"runbook": CLEAR, "hub": "datahub"})
    assert "the fields of another runbook" in errors["runbook"]
    assert planned(form) == []
    assert form.ana.submit(view, {"runbook": "resync-routes", "hub": "datahub"}) == {}


def planned(scene: Scene) -> list[tuple[str, str, dict[str, Any]]]:
    (incident,) = scene.incidents()
    with scene.store.read() as tx:
        found = runs.of_incident(tx, incident.id)
    return [(run.runbook, run.hub, dict(run.options)) for run in found]


def test_the_help_lists_all_by_what_they_are_for(form: Scene) -> None:
    channel = form.slack.channel(form.incidents()[0].channel_id or "")
    for line, says in (
        ("/incident run help", "• `mark-node HUB node=NODE [USER …]"),
        ("/incident help", "A node or the core pool is in trouble: "),
    ):
        answer = form.ana.command(channel.id, line)
        assert answer is not None
        shown = json.dumps(answer["blocks"], ensure_ascii=False)
        assert says in shown
