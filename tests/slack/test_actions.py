"""``/incident actions``, the menus and the form of action items, and what closing requires of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.domain.actions import NOT_A_REPOSITORY, ActionItem
from bot.domain.item_policy import CloseGate, ItemPolicy
from bot.domain.timeline import Heading
from bot.render import items as words
from bot.store import incidents as rows
from bot.store.engine import Store
from bot.store.tables import tag
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, NOW, message, stored

TODAY = date(2017, 2, 23)  # in the team's zone


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables, which each test copies."""
    file = tmp_path_factory.mktemp("pristine") / "rows.db"
    made = Store(f"sqlite:///{file}")
    made.migrate()
    made.close()
    return file


@pytest.fixture
def store(pristine: Path, tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{shutil.copy(pristine, tmp_path / 'rows.db')}")
    yield made
    made.close()


def items_of(desk: Desk) -> list[ActionItem]:
    with desk.store.read() as tx:
        return rows.items(tx, desk.incident.id)


def menu(blocks: list[dict[str, Any]], title: str) -> dict[str, str]:
    """The options of an item's menu, their values by their names."""
    (found,) = [
        b for b in blocks if title in json.dumps(b, ensure_ascii=False) and "accessory" in b
    ]
    return {o["text"]["text"]: o["value"] for o in found["accessory"]["options"]}


def listed(blocks: list[dict[str, Any]]) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def test_an_item_is_added_with_its_owner_and_due_date(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action tech: add an alert for <@U0BEN|ben>, due in 2 weeks")
    (item,) = items_of(desk)
    assert (item.title, item.owner, item.due_on) == ("add an alert", BEN, date(2017, 3, 9))
    assert item.group == "Technical improvements"


def test_the_form_has_a_due_date_a_category_and_a_repository(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action")
    values = {
        "title": "Grow the pool",
        "owner": BEN,
        "due_on": "2017-03-01",
        "category": "prevent",
        "repository": "https://github.com/2i2c-org/infrastructure/",
    }
    assert desk.submit({**values, "repository": "nowhere"}).errors == {
        "repository": NOT_A_REPOSITORY
    }
    assert not items_of(desk)
    desk.submit(values)
    (item,) = items_of(desk)
    assert (item.due_on, item.category) == (date(2017, 3, 1), "prevent")
    assert item.repository == "2i2c-org/infrastructure"


def test_an_item_is_finished_dropped_and_reopened_in_the_list(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action add an alert due 2017-02-20")
    answer = desk.command("actions")
    assert "⚠️ overdue" in listed(answer.blocks)
    for verb, state in (("Done", "done"), ("Reopen", "open"), ("Won't do", "dropped")):
        shown = desk.command("actions all").blocks
        answer = desk.press(words.ACTION_MENU, menu(shown, "add an alert")[verb])
        assert items_of(desk)[0].state == state
        assert answer.posts[-1]["replace_original"]
    assert words.NOTHING["open"] in listed(desk.command("actions").blocks)
    lines = [each.line for each in desk.audit.latest(limit=99)]
    changes = [(x.actor, x.after["state"]) for x in lines if x.act == "report.edited"]
    assert changes == [(ANA, "done"), (ANA, "open"), (ANA, "dropped")]


def test_an_item_that_a_reaction_filed_becomes_one_of_its_own_when_it_is_worked_on(
    store: Store,
) -> None:
    stored(store)
    desk = Desk(store)
    desk.context.record.file_message(message(text="grow the pool"), by=BEN)
    with store.write() as tx:
        tx.execute(tag.update().values(heading=Heading.ACTION.value))
    assert not items_of(desk)
    desk.press(words.ACTION_MENU, menu(desk.command("actions").blocks, "grow the pool")["Done"])
    (item,) = items_of(desk)
    assert (item.title, item.state, item.state_by) == ("grow the pool", "done", ANA)
    assert words.NOTHING["open"] in listed(desk.command("actions").blocks)


def test_the_same_press_twice_is_one_change(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action add an alert")
    done = menu(desk.command("actions").blocks, "add an alert")["Done"]
    desk.press(words.ACTION_MENU, done)
    before = items_of(desk)[0]
    desk.press(words.ACTION_MENU, done, user=BEN)
    assert items_of(desk)[0] == before


def test_owner_and_due_date_are_changed_in_a_form(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action add an alert due 2017-02-20 <@U0BEN>")
    desk.press(words.ACTION_MENU, menu(desk.command("actions").blocks, "add an alert")["Edit"])
    desk.submit({"due_on": "2017-03-02", "category": "detect"})
    (item,) = items_of(desk)
    assert (item.owner, item.due_on, item.category) == (BEN, date(2017, 3, 2), "detect")
    assert "Saved: add an alert" in str(desk.slack.shown[-1])


def test_mine_overdue_and_all_are_lists_of_their_own(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action add an alert <@U0ANA>")
    desk.command("action write it down <@U0BEN> due 2017-02-01")
    assert "add an alert" in listed(desk.command("actions mine").blocks)
    assert "write it down" not in listed(desk.command("actions mine").blocks)
    overdue = listed(desk.command("actions overdue").blocks)
    assert "write it down" in overdue and "add an alert" not in overdue
    assert "Write one of mine" in desk.command("actions nonsense").text


def test_outside_of_incidents_all_public_ones_are_listed(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    desk.command("action add an alert")
    answer = desk.command("actions", channel=ELSEWHERE)
    assert f"<#{CHANNEL}>" in listed(answer.blocks)
    done = menu(answer.blocks, "add an alert")["Done"]
    desk.press(words.ACTION_MENU, done, channel=ELSEWHERE)
    assert items_of(desk)[0].state == "done"


def test_a_private_incidents_items_are_listed_in_its_channel_only(store: Store) -> None:
    stored(store, private=True)
    desk = Desk(store)
    desk.command("action add an alert")
    assert "add an alert" in listed(desk.command("actions").blocks)
    assert "add an alert" not in listed(desk.command("actions", channel=ELSEWHERE).blocks)
    value = menu(desk.command("actions").blocks, "add an alert")["Done"]
    desk.slack.absent = {CHANNEL: {BEN}}
    desk.press(words.ACTION_MENU, value, channel=ELSEWHERE, user=BEN)
    assert items_of(desk)[0].state == "open"


def test_an_item_of_another_incident_is_not_changed_through_this_one(store: Store) -> None:
    stored(store)
    stored(store, id="other1other1", channel_id="C0OTHER", channel_name="other", private=True)
    desk = Desk(store)
    desk.command("action add an alert", channel="C0OTHER")
    with store.read() as tx:
        (item,) = rows.items(tx, "other1other1")
    desk.press(words.ACTION_MENU, words.value(words.DONE, "open", desk.incident.id, item.id))
    with store.read() as tx:
        assert rows.items(tx, "other1other1")[0].state == "open"


def test_a_long_list_fits_into_a_message(store: Store) -> None:
    stored(store)
    desk = Desk(store)
    incident_id = desk.incident.id
    with store.write() as tx:
        for number in range(120):
            rows.add_item(
                tx,
                ActionItem(
                    id=f"item{number}",
                    incident_id=incident_id,
                    position=0,
                    group="Technical improvements",
                    title=f"{number} " + "&" * 240,
                    source=str(number),
                    created_at=NOW,
                ),
            )
    blocks = desk.command("actions").blocks
    assert len(blocks) <= 50
    assert len(listed(blocks)) < 40_000
    assert "more." in listed(blocks)


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        (CloseGate.OWNERS, "needs an owner"),
        (CloseGate.DUE_DATES, "needs a due date"),
        (CloseGate.CATEGORIES, "needs a category"),
        (CloseGate.ISSUES, "needs an issue, or a repository to file it in"),
    ],
)
def test_closing_is_refused_while_an_item_lacks_what_is_required(
    store: Store, gate: CloseGate, sentence: str
) -> None:
    stored(store, status="resolved")
    desk = Desk(store)
    desk.command("action add an alert")
    desk.command("close")
    values = {"summary": "x"}
    policy = ItemPolicy(close_requires=(gate,))
    desk.context.changes._settings = replace(desk.settings, items=policy)
    refused = desk.submit(values)
    assert sentence in refused.text + str(refused.errors)
    assert desk.incident.status == "resolved"
    assert sentence in desk.command("close").text
    desk.press(words.ACTION_MENU, menu(desk.command("actions").blocks, "add an alert")["Done"])
    desk.command("close")
    desk.submit(values)
    assert desk.incident.status == "closed"


def test_without_gates_nothing_is_asked(store: Store) -> None:
    stored(store, status="resolved")
    desk = Desk(store)
    desk.command("action add an alert")
    desk.command("close")
    desk.submit({"summary": "x"})
    assert desk.incident.status == "closed"
