"""Hubs of several clusters are shown under their clusters, in menus and as they are searched by typing."""

from __future__ import annotations

from typing import Any

import pytest

from bot.store.engine import Store
from tests.support.desk import ANA, ELSEWHERE, Desk
from tests.support.rows import TEAM

FEW = {"datahub": "berkeley", "stat20": "berkeley", "julia": "2i2c"}
MANY = {f"class-{number:03}": "berkeley" if number < 80 else "2i2c" for number in range(123)}


def menu(desk: Desk) -> dict[str, Any]:
    """The menu of hubs in the declare form."""
    desk.command("declare", channel=ELSEWHERE)
    [block] = [b for b in desk.slack.views[-1]["blocks"] if b.get("block_id") == "hubs"]
    found: dict[str, Any] = block["element"]
    return found


def suggested(desk: Desk, text: str) -> dict[str, Any]:
    """What mayday answers to a text that is typed into the menu."""
    body = {
        "type": "block_suggestion",
        "block_id": "hubs",
        "action_id": "declare.hubs",
        "value": text,
        "user": {"id": ANA, "team_id": TEAM},
        "team": {"id": TEAM},
        "container": {"type": "view"},
        "view": {"id": "V1"},
    }
    return desk.send(body).acks[0]


def shown(groups: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The values of options by their headings."""
    return {g["label"]["text"]: [option["value"] for option in g["options"]] for g in groups}


def test_a_few_hubs_are_in_a_menu_with_headings(rows: Store) -> None:
    element = menu(Desk(rows, hubs=FEW))
    assert shown(element["option_groups"]) == {"berkeley": ["datahub", "stat20"], "2i2c": ["julia"]}
    assert "options" not in element


def test_the_hubs_of_one_cluster_have_no_heading(rows: Store) -> None:
    assert "option_groups" not in menu(Desk(rows, hubs=("datahub", "stat20")))


@pytest.mark.parametrize("text", ["CLASS-07", "class-11", "9"])
def test_many_hubs_are_found_by_typing_under_their_clusters(rows: Store, text: str) -> None:
    desk = Desk(rows, hubs=MANY)
    assert menu(desk)["type"] == "multi_external_select"
    answer = suggested(desk, text)
    groups = shown(answer["option_groups"]) if "option_groups" in answer else {}
    names = [name for group in groups.values() for name in group] or [
        option["value"] for option in answer["options"]
    ]
    assert sorted(names) == [name for name in MANY if text.casefold() in name]
    assert all(MANY[name] == cluster for cluster, group in groups.items() for name in group)


def test_without_a_text_as_many_are_offered_as_a_menu_may_have(rows: Store) -> None:
    groups = shown(suggested(Desk(rows, hubs=MANY), "")["option_groups"])
    assert sum(map(len, groups.values())) == 100


def test_one_line_names_any_of_them(rows: Store) -> None:
    desk = Desk(rows, hubs=MANY)
    answer = desk.command("declare sev2 Class-122 Kernels die at once", channel=ELSEWHERE)
    assert "class-122" in answer.text
