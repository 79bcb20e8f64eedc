"""Commands as people type them in a hurry, and what a refusal gives back."""

from __future__ import annotations

import pytest

from bot.domain.timeline import EntryKind
from bot.render.answers import ACTION_SEND, MOST_SENT
from bot.slack.matching import meant
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sev 1", ("investigating", "sev1")),
        ("sev1", ("investigating", "sev1")),
        ("SEV-1 everything is down", ("investigating", "sev1")),
        ("severity 1", ("investigating", "sev1")),
        ("severity sev 1 everything is down", ("investigating", "sev1")),
        ("sever 3", ("investigating", "sev3")),
        ("monitor", ("monitoring", "sev2")),
        ("Monitoring", ("monitoring", "sev2")),
        ("status monitor", ("monitoring", "sev2")),
        ("stat fix we “restart” it", ("fixing", "sev2")),
        ("fixing", ("fixing", "sev2")),
        # What ends an incident is typed in full.
        ("resol", ("investigating", "sev2")),
        ("resolved", ("investigating", "sev2")),
        ("status resol", ("investigating", "sev2")),
        ("status resolved", ("resolved", "sev2")),
        # What may mean several things means none.
        ("st", ("investigating", "sev2")),
        ("s fixing", ("investigating", "sev2")),
        ("severity 4", ("investigating", "sev2")),
        ("severity sev", ("investigating", "sev2")),
    ],
)
def test_what_was_meant(desk: Desk, line: str, expected: tuple[str, str]) -> None:
    answer = desk.command(line)
    assert (desk.incident.status, desk.incident.severity) == expected, answer.text


@pytest.mark.parametrize(
    ("line", "text"),
    [("monitor the routes are back", "the routes are back"), ("fixing half of it", "half of it")],
)
def test_what_follows_a_status_is_its_text(desk: Desk, line: str, text: str) -> None:
    desk.command(line)
    [entry] = desk.of_kind(EntryKind.STATUS)
    assert entry.data["text"] == text


@pytest.mark.parametrize(
    "line", ["resync", "run resync", "resync-routes datahub", "RESYNC datahub"]
)
def test_a_runbook_is_planned_by_the_beginning_of_its_name(rows: Store, line: str) -> None:
    desk = Desk(rows, open_to_all=True)
    answer = desk.command(line)
    assert [run.runbook for run in desk.planned] == ["resync-routes"], answer.text


@pytest.mark.parametrize("line", ["restart", "run restart", "run re", "force", "del"])
def test_what_may_be_several_runbooks_is_none(rows: Store, line: str) -> None:
    desk = Desk(rows, open_to_all=True)
    desk.command(line)
    assert [run.runbook for run in desk.planned] in ([], ["force-delete-stuck-servers"])


@pytest.mark.parametrize("line", ["resolv", "clsoe", "publsh", "reopn", "run force-delet-stuck"])
def test_nothing_that_ends_or_takes_something_away_is_suggested(desk: Desk, line: str) -> None:
    assert "Did you mean" not in desk.command(line).text


def test_no_other_target_is_suggested(desk: Desk) -> None:
    assert "Did you mean" not in desk.command("diagnose datahb", channel=ELSEWHERE).text


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("sev 1 x", ["sev1", "sev10"], ("sev1", "x")),
        ("1", ["sev1", "sev10"], ("sev1", "")),
        ("10", ["sev1", "sev10"], ("sev10", "")),
        ("1", ["p1", "sev1"], ("1", "")),
        ("mon", ["monitoring", "monday"], ("mon", "")),
        ("moni x y", ["monitoring", "monday"], ("monitoring", "x y")),
        ("mo", ["monitoring"], ("mo", "")),
        ("", ["monitoring"], ("", "")),
        ("incident commander @ben", ["incident-commander"], ("incident-commander", "@ben")),
        ("Incident_Commander", ["incident-commander"], ("incident-commander", "")),
        ("fixing", ["Fixing", "fixing"], ("fixing", "")),
    ],
)
def test_the_word_that_is_meant(text: str, known: list[str], expected: tuple[str, str]) -> None:
    assert meant(text, known) == expected


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "note at 25:00 the <@U0BEN|ben> “restarted” &lt;it&gt;",
        "action " + "long " * 700,
        "role commander dora",
    ],
)
def test_a_refusal_gives_back_what_was_typed(desk: Desk, line: str) -> None:
    answer = desk.command(line)
    assert answer.text.startswith("⚠️")
    shown = "".join(
        block["text"]["text"].strip("`") for block in answer.blocks if block["type"] == "section"
    )
    assert f"/incident {line}".strip() in shown


def test_a_command_without_text_has_nothing_to_give_back(desk: Desk) -> None:
    answer = desk.command("reopen")
    assert len(answer.blocks) == 1


def offer(desk: Desk, line: str, *, user: str = ANA) -> list[dict[str, str]]:
    """The buttons below the refusal of a command outside of incident channels."""
    blocks = desk.command(line, channel=ELSEWHERE, user=user).blocks or desk.slack.posted[-1].blocks
    return [block["accessory"] for block in blocks if block.get("accessory")]


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("note the proxy died", EntryKind.NOTE, "the proxy died"),
        ("update half are back", EntryKind.UPDATE, "half are back"),
        ("monitor it is back", EntryKind.STATUS, "it is back"),
    ],
)
def test_in_the_wrong_channel_it_can_be_sent_to_an_open_incident(
    desk: Desk, line: str, kind: EntryKind, text: str
) -> None:
    [button] = offer(desk, line)
    assert button["action_id"] == ACTION_SEND
    assert desk.of_kind(kind) == []
    desk.press(ACTION_SEND, button["value"], channel=ELSEWHERE)
    [entry] = desk.of_kind(kind)
    assert (entry.data["text"], entry.author) == (text, ANA)


def test_a_form_opens_for_a_command_that_is_sent_on(desk: Desk) -> None:
    [button] = offer(desk, "update")
    desk.press(ACTION_SEND, button["value"], channel=ELSEWHERE)
    assert len(desk.slack.views) == 1


def test_what_is_too_long_for_a_button_is_given_back(desk: Desk) -> None:
    assert offer(desk, "update " + "x" * MOST_SENT) == []


def test_an_incident_that_is_over_is_not_offered(desk: Desk) -> None:
    desk.command("resolve")
    assert offer(desk, "note x") == []


def test_who_may_not_list_incidents_is_offered_none(desk: Desk) -> None:
    desk.slack.guests = {BEN}
    assert offer(desk, "note x", user=BEN) == []
