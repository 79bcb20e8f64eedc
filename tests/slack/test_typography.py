"""Typed input with the dashes, quotes, spaces and unseen characters of phones and keyboards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.domain.evidence import Fact, Known
from bot.domain.targets import resolve
from bot.domain.typography import spaced
from bot.render.listing import ACTION_ENTRY
from bot.slack.intake import parse_request
from bot.slack.matching import same_word
from bot.store import incidents as incident_rows
from bot.store import runs as run_rows
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, Desk
from tests.support.hubs import facts, pod, server
from tests.support.rows import CHANNEL, NOW, TEAM

NARROW, NBSP, ZERO, MARK, SOFT = "\u202f", "\u00a0", "\u200b", "\u200e", "\u00ad"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"status{NBSP}fixing", "status"),
        (f"{ZERO}Status fixing", "status"),
        ("“status” fixing", "status"),
        (f"sta{SOFT}tus{NARROW}fixing", "status"),
        (f"{MARK}status fixing", "status"),
        ("\ufeffstatus fixing", "status"),
    ],
)
def test_the_command_is_read(line: str, name: str) -> None:
    body = {
        "command": "/incident",
        "text": line,
        "team_id": "T1",
        "user_id": "U",
        "channel_id": "C",
    }
    request = parse_request(body, team_id=TEAM)
    assert (request.name, request.text) == (name, "fixing")


@pytest.mark.parametrize(
    ("typed", "at", "text"),
    [
        (f"at 2:05{NARROW}pm it’s back", "14:05", "it’s back"),
        (f"at{NBSP}14:05{NBSP}it is back", "14:05", "it is back"),
        ("at 14:05 – it is “back”", "14:05", "it is “back”"),
        ("at 14:05 — half – done", "14:05", "half – done"),
        ("at 14:05, it is back", "14:05", "it is back"),
        (f"at 14:{ZERO}05 it is back", "14:05", "it is back"),
        ("at 2017–02–23 14:05 it is back", "14:05", "it is back"),
        ("at 14∶05 it is back", "14:05", "it is back"),
        ("at 22:05−0000 it is back", "14:05", "it is back"),
    ],
)
def test_the_time_of_a_note_is_read_and_its_words_stay(
    desk: Desk, typed: str, at: str, text: str
) -> None:
    desk.now.at = NOW + timedelta(days=1)
    answer = desk.command(f"note {typed}")
    [entry] = [one for one in desk.entries if one.kind == "note"]
    assert entry.data["text"] == text
    local = entry.at.astimezone(desk.settings.zone)
    assert local.strftime("%H:%M") == at, answer.text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"status{NBSP}fixing", ("fixing", "sev2", {})),
        ("status “fixing” we’ve found it", ("fixing", "sev2", {})),
        (f"status Fix{ZERO}ing", ("fixing", "sev2", {})),
        (f"severity{NARROW}‘sev1’", ("investigating", "sev1", {})),
        (f"role commander{NBSP}<@{BEN}|ben>", ("investigating", "sev2", {"commander": BEN})),
        (f"role{NBSP}“commander”{NBSP}me", ("investigating", "sev2", {"commander": ANA})),
        ("role commander ‘me’", ("investigating", "sev2", {"commander": ANA})),
    ],
)
def test_words_of_commands_are_read(
    desk: Desk, line: str, expected: tuple[str, str, dict[str, str]]
) -> None:
    answer = desk.command(line)
    with desk.store.read() as tx:
        found = incident_rows.by_channel(tx, CHANNEL)
    assert found is not None
    assert (found.status, found.severity, dict(found.roles)) == expected, answer.text


@pytest.mark.parametrize(
    ("line", "group", "title"),
    [
        ("action “tech”: add an alert – soon", "Technical improvements", "add an alert – soon"),
        (f"action tech{ZERO}: add{NBSP}it", "Technical improvements", "add it"),
        ("action it’s “done” – almost", "Technical improvements", "it’s “done” – almost"),
    ],
)
def test_an_action_items_words_stay(desk: Desk, line: str, group: str, title: str) -> None:
    desk.command(line)
    with desk.store.read() as tx:
        [item] = incident_rows.items(tx, desk.incident.id)
    assert (item.group, item.title) == (group, title)


@pytest.mark.parametrize(
    ("line", "users"),
    [
        ("run resync–routes datahub", []),
        ("run resync—routes", []),
        (f"run{NBSP}“resync-routes”{NARROW}data{ZERO}hub", []),
        ("run RUNBOOK datahub “ana”, o’brien", ["ana", "o’brien"]),
        ("run RUN–BOOK ana—lab", ["ana—lab"]),
    ],
)
def test_a_runbook_its_hub_and_its_users_are_read(rows: Store, line: str, users: list[str]) -> None:
    desk = Desk(rows, open_to_all=True)
    book = next(name for name, book in desk.runs.runbooks.items() if book.takes_users)
    answer = desk.command(line.replace("RUNBOOK", book).replace("RUN–BOOK", book.replace("-", "–")))
    with desk.store.read() as tx:
        found = run_rows.of_incident(tx, desk.incident.id)
    assert [(run.hub, run.options.get("users", [])) for run in found] == [("datahub", users)], (
        answer.text
    )


def test_snooze_and_update_and_resolve(desk: Desk) -> None:
    desk.command(f"snooze{NBSP}5{ZERO}")
    desk.command(f"update{NBSP}half are “back” – more soon")
    desk.command(f"resolve{NARROW}it’s over")
    entries = {one.kind: one.data.get("text") for one in desk.entries}
    assert entries["update"] == "half are “back” – more soon"
    assert entries["resolved"] == "it’s over"


def test_configured_names_may_have_typography_too() -> None:
    assert same_word("sév-1", ["sév–1", "sev2"]) == "sév–1"
    assert same_word("sev–2", ["sev-1", "sev-2"]) == "sev-2"
    assert same_word("sev—3", ["sev-2"]) == "sev—3"


def test_joiners_of_emoji_and_scripts_stay() -> None:
    for text in ("👩\u200d🚒 is here", "می\u200cخواهم", "שלום\u200f עולם"):
        assert spaced(text) == text
    assert spaced("ro\u200dle \u200fscribe\u200e") == "role scribe"


@pytest.mark.parametrize(
    ("typed", "user"),
    [
        ("o’brien", "o'brien"),
        ("ana–maria", "ana-maria"),
        ("jupyter-ana—lab", "ana"),
        ("lu—lu", "lu-lu"),
        ("d’arc", "d’arc"),
        ("x—y", "x—y"),
    ],
)
def test_users_of_a_hub_are_reached_however_their_names_are_written(typed: str, user: str) -> None:
    names = ("o'brien", "ana-maria", "lu-lu", "d’arc", "x—y", "x--y")
    rows = facts(
        servers=(*map(server, names), server("ana", name="lab")),
        pods=(*map(pod, names), pod("ana", name="lab")),
    ).rows
    assert {key[0] for key in resolve([typed], rows, {}).keys} == {user}


def test_a_plain_name_means_nobody_with_another_dash() -> None:
    rows = facts(servers=(server("a-b"),), pods=(pod("a-b"),)).rows
    assert resolve(["a--b"], rows, {}).keys == frozenset()


@pytest.mark.parametrize(
    ("typed", "known", "idle"),
    [
        ("O’Brien", {"o’brien": False, "o'brien": True}, "o'brien"),
        ("O’Brien", {"o’brien": True, "o'brien": True}, "o’brien"),
        ("O’Brien/Lab", {"o’brien": False, "o'brien": True}, "o'brien/lab"),
    ],
)
def test_an_idle_user_is_found_too(typed: str, known: dict[str, bool], idle: str) -> None:
    people: Mapping[str, Fact[bool]] = {name: Known(value=value) for name, value in known.items()}
    assert resolve([typed], (), people).idle == (idle,)


def test_the_time_and_the_words_of_a_form(desk: Desk) -> None:
    """A form's time is read with plain marks, and its words keep theirs."""
    desk.now.at = NOW + timedelta(days=1)
    desk.command("note it is back")
    desk.press(ACTION_ENTRY, f"edit:{desk.entries[-1].id}")
    typed = {"at": f"2017–02–23{NBSP}2:05{NARROW}pm", "text": f"it’s{NBSP}back – “nearly”{ZERO}"}
    answer = desk.submit(typed)
    assert answer.errors == {}
    assert desk.entries[-1].data["text"] == "it’s back – “nearly”"
    local = desk.entries[-1].at.astimezone(desk.settings.zone)
    assert local.strftime("%Y-%m-%d %H:%M") == "2017-02-23 14:05"
