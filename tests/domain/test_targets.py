"""Which servers a typed target matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.evidence import Fact, Known, Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Row
from bot.domain.targets import Targets, matching, resolve
from bot.services.facts import LOOKUPS, read_facts
from tests.support.hubs import NOW, facts, pod, route, server
from tests.support.scripted import Scripted, site

YES, NO = Known(value=True), Known(value=False)
KEYS = (("ana", ""), ("ana", "lab2"), ("ben", ""), ("kofi", ""))


def hub() -> HubFacts:
    """Ana has two servers; Ben and Kofi have one."""
    return facts(
        servers=tuple(server(user, name=name) for user, name in KEYS),
        pods=tuple(pod(user, name=name) for user, name in KEYS),
        routes=tuple(route(user, name=name) for user, name in KEYS),
    )


def resolved(*names: str, people: Mapping[str, Fact[bool]] | None = None) -> Targets:
    return resolve(names, hub().rows, people or {})


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("ben", {("ben", "")}),
        ("Ben", {("ben", "")}),
        ("BEN", {("ben", "")}),
        ("ana", {("ana", ""), ("ana", "lab2")}),
        ("ana/", {("ana", "")}),
        ("ana/lab2", {("ana", "lab2")}),
        ("Ana/Lab2", {("ana", "lab2")}),
        ("jupyter-ben", {("ben", "")}),
        ("jupyter-ana--lab2", {("ana", "lab2")}),
    ],
)
def test_a_name_means_a_user_a_server_or_a_pod(typed: str, keys: set[tuple[str, str]]) -> None:
    assert resolved(typed) == Targets(keys=frozenset(keys))


def test_an_address_is_written_as_the_hub_does() -> None:
    rows = facts(servers=(server("ana@example.org"),), pods=(pod("ana@example.org"),)).rows
    found = resolve(["Ana@Example.org"], rows, {})
    assert found == Targets(keys=frozenset({("ana@example.org", "")}))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("koffi", "The hub has no user koffi: check the spelling."),
        ("Koffi", "The hub has no user Koffi: check the spelling."),
        ("bne", "The hub has no user bne: check the spelling."),
        ("koffi/lab2", "The hub has no user koffi/lab2: check the spelling."),
        ("somebody-else", "The hub has no user somebody-else: check the spelling."),
        ("", "The hub has no user : check the spelling."),
    ],
)
def test_of_a_name_that_means_nobody_none_is_suggested(typed: str, said: str) -> None:
    for people in ({}, {"koffi": NO, "bne": NO, "somebody-else": NO}):
        assert resolved(typed, people=people) == Targets(problems=(said,))


@pytest.mark.parametrize("typed", ["idle", "Idle", "IDLE"])
def test_a_user_whom_the_hub_knows_has_no_server(typed: str) -> None:
    assert resolved(typed, people={"idle": YES}) == Targets(idle=("idle",))


@pytest.mark.parametrize("typed", ["ana/lab3", "Ben/lab3", "idle/lab3"])
def test_a_server_that_is_not_there_is_not_a_user_whom_nobody_knows(typed: str) -> None:
    assert resolved(typed, people={"idle": YES}) == Targets(idle=(typed.lower(),))


def test_a_user_about_whom_the_hub_does_not_answer_is_unknown() -> None:
    people = {"cy": Unknown(why="Hub datahub did not answer.")}
    assert resolved("cy", people=people).problems == (
        "The hub could not be asked about cy: Hub datahub did not answer.",
    )


def mixed() -> tuple[Row, ...]:
    """A hub with case-sensitive names."""
    return facts(
        servers=(server("Ana"), server("ana")),
        pods=(pod("Ana"), pod("ana")),
        routes=(route("Ana"), route("ana")),
    ).rows


def test_of_users_that_differ_in_case_the_exact_one_is_meant() -> None:
    assert matching("Ana", mixed()) == {("Ana", "")}
    assert matching("ana", mixed()) == {("ana", "")}


def test_a_name_that_could_be_several_users_is_not_guessed() -> None:
    found = resolve(["ANA"], mixed(), {})
    assert found.problems == ("“ANA” can mean Ana, ana: write the name of one exactly.",)


def test_a_user_who_is_called_as_anothers_pod_is_not_guessed() -> None:
    rows = facts(
        servers=(server("jupyter-ben"), server("ben")),
        pods=(pod("jupyter-ben"), pod("ben")),
    ).rows
    found = resolve(["jupyter-ben"], rows, {})
    assert found.problems == (
        "“jupyter-ben” can mean ben, jupyter-ben: write the name of one exactly.",
    )


def test_every_name_is_told_of_in_order() -> None:
    found = resolved("zed", "ana", "ben", "idle", "koffi", people={"idle": YES})
    assert found.keys == {("ana", ""), ("ana", "lab2"), ("ben", "")}
    assert found.idle == ("idle",)
    assert [text.split(":")[0] for text in found.problems] == [
        "The hub has no user koffi",
        "The hub has no user zed",
    ]


# --- users to look up in the hub ----------------------------------------------------------------


def party(users: set[str]) -> Scripted:
    return Scripted(records=[server("ana")], live=[pod("ana")], known=[route("ana")], users=users)


def test_the_hub_is_asked_about_names_that_are_no_servers() -> None:
    asked = party({"ana", "idle"})
    seen = read_facts(site(asked), NOW, named=["Ana", "IDLE/lab", "koffi", "jupyter-ana"])
    assert seen.people == {"idle": YES, "koffi": NO}
    assert asked.asked.count("knows") == 2


def test_of_very_many_names_the_rest_is_unknown() -> None:
    many = [f"student{n:03}" for n in range(LOOKUPS + 1)]
    seen = read_facts(site(party(set())), NOW, named=many)
    answers = [seen.people[user] for user in many]
    assert answers[:LOOKUPS] == [NO] * LOOKUPS
    assert isinstance(answers[LOOKUPS], Unknown)


def test_a_pod_that_was_replaced_is_found_by_its_name_of_now() -> None:
    rows = facts(
        servers=(server("ana"),), pods=(replace(pod("ana"), name="jupyter-ana---7f3"),)
    ).rows
    assert matching("jupyter-ana", rows) == frozenset()
    assert matching("jupyter-ana---7f3", rows) == {("ana", "")}
