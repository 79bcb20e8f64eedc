"""Every value can be stored, and is found by the value that it was stored with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.store import tables
from bot.store.columns import shortened, storable, to_json
from bot.store.engine import Store

ODD = "a\x00b\ud800c\udfffd\U0001f525é"
CLEAN = "a\ufffdb\ufffdc\ufffdd\U0001f525é"


def person(**values: Any) -> dict[str, Any]:
    plain = {"team_id": "T1", "user_id": "U1", "name": "Ana", "zone": "UTC"}
    at = datetime(2017, 2, 24, tzinfo=UTC)
    return {**plain, "is_guest": False, "is_bot": False, "fetched_at": at, **values}


def test_odd_characters_are_replaced_in_every_kind_of_column(store: Store) -> None:
    with store.write() as tx:
        tx.execute(tables.person.insert(), person(user_id=ODD, name=ODD))
        row = tx.execute(tables.person.select()).mappings().one()
        assert (row["user_id"], row["name"]) == (CLEAN, CLEAN)
        for column in (tables.person.c.user_id, tables.person.c.name):
            for condition in (column == ODD, column.in_([ODD, "x"])):
                assert tx.execute(tables.person.select().where(condition)).first()


def test_long_values_are_shortened_and_stay_apart(store: Store) -> None:
    ids = ["U" * 100 + end for end in ("a", "b")] + ["\U0001f525" * 41]
    with store.write() as tx:
        for one in ids:
            tx.execute(tables.person.insert(), person(user_id=one))
        for one in ids:
            condition = tables.person.c.user_id == one
            assert len(tx.execute(tables.person.select().where(condition)).all()) == 1


@pytest.mark.parametrize("text", ["", "plain", "é\U0001f525\ufffd\n\t\x01", "\\u0000 \\ud800"])
def test_what_can_be_stored_is_left_alone(text: str) -> None:
    assert storable(text) == text
    assert shortened(text, 40) == text
    assert json.loads(to_json({text: [text]})) == {text: [text]}


def test_json_holds_only_what_can_be_stored() -> None:
    value = {ODD: (ODD, None, 1, True, float("inf"), {"deep": [float("nan"), 1.5]})}
    found = json.loads(to_json(value))
    assert found == {CLEAN: [CLEAN, None, 1, True, None, {"deep": [None, 1.5]}]}
