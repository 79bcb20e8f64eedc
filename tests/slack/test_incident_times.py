"""``/incident time`` and the form of the five times: what is set, what is refused, and what is shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.milestones import Milestone
from bot.domain.typed_time import written
from bot.services.contents import TIMES_CHANGED
from bot.store import incidents as incident_rows
from bot.store.audit import latest
from bot.store.report_tables import report_revision
from tests.support.desk import ELSEWHERE, Desk

ZONE = ZoneInfo("America/Los_Angeles")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def told(desk: Desk) -> dict[str, str]:
    """The times that people set, in the team's zone."""
    return {name.value: written(time, ZONE) for name, time in desk.incident.milestones.items()}


@pytest.mark.parametrize(
    ("line", "name", "time"),
    [
        ("impact 14:05", "impact", "2017-02-23 14:05"),
        ("began ~14:05:10", "impact", "about 2017-02-23 14:05:10"),
        ("Detection yesterday 14:05", "detected", "2017-02-22 14:05"),
        ("mitigated 2:05 pm - 2:15 pm", "mitigated", "2017-02-23 14:05 - 14:15"),
        ("end: 14:05 EST", "resolved", "2017-02-23 11:05"),
    ],
)
def test_a_time_is_set_and_echoed(desk: Desk, line: str, name: str, time: str) -> None:
    answer = desk.command(f"time {line}").text
    assert told(desk) == {name: time}
    day = time.removeprefix("about ").partition(" ")[0]
    assert day in answer and "PST" in answer and "from “" in answer
    assert f"To unset it, write `/incident time {name} -`." in answer


def test_durations_and_a_wrong_order_are_said_at_once(desk: Desk) -> None:
    desk.command("time impact 14:05")
    answer = desk.command("time mitigated 15:45").text
    assert "Mitigated after 1h 40m." in answer and "⚠️" not in answer
    answer = desk.command("time detected 14:00").text
    assert "⚠️ “Detected” is before “Start of impact”. Check these times." in answer


def test_a_time_is_unset_and_set_back_as_it_was(desk: Desk) -> None:
    desk.command("time impact ~14:05 - 14:10")
    before = desk.incident.milestones
    answer = desk.command("time impact –").text
    assert told(desk) == {}
    back = answer.partition("`/incident ")[2].partition("`")[0]
    desk.command(back)
    assert desk.incident.milestones[Milestone.IMPACT].at == before[Milestone.IMPACT].at
    assert told(desk) == {"impact": "about 2017-02-23 14:05 - 14:10"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("impcat 14:05", "Did you mean impact?"),
        ("impact", "Write the time after the word: /incident time impact 21:10."),
        ("impact 25:05", "isn't a valid date or time"),
        ("impact 14:05 or so", "“or so” in"),
        ("resolved today 23:59", "is in the future"),
    ],
)
def test_what_is_not_understood_changes_nothing(desk: Desk, line: str, said: str) -> None:
    answer = desk.command(f"time {line}").text
    assert said in answer
    assert told(desk) == {}


def test_times_of_a_past_incident_need_one_date_only(desk: Desk) -> None:
    desk.command("time impact 2016-11-08 21:10")
    desk.command("time detected 21:14")
    desk.command("time resolved 00:30")
    desk.command("time mitigated 22:00")
    assert told(desk) == {
        "impact": "2016-11-08 21:10",
        "detected": "2016-11-08 21:14",
        "mitigated": "2016-11-08 22:00",
        "resolved": "2016-11-09 00:30",
    }
    assert "Declared after" not in desk.command("time mitigated 22:01").text


def test_the_form_sets_what_was_changed_in_it(desk: Desk) -> None:
    desk.command("time impact 14:05:10")
    desk.command("time detected 14:06")
    desk.command("time")
    desk.submit({"impact": "14:05:11", "detected": "", "resolved": "15:00"})
    assert told(desk) == {"impact": "2017-02-23 14:05:11", "resolved": "2017-02-23 15:00"}
    assert "*Detected* is no longer set." in desk.slack.shown[-1][-1]
    desk.command("time")
    desk.submit()
    assert "unchanged" in desk.slack.shown[-1][-1]


def test_the_form_shows_an_error_at_each_time(desk: Desk) -> None:
    desk.command("time")
    answer = desk.submit({"impact": "soon", "mitigated": "14:00", "resolved": "99:00"})
    assert set(answer.errors) == {"impact", "resolved"}
    assert told(desk) == {}


def test_a_form_that_is_out_of_date_overwrites_nothing(desk: Desk) -> None:
    desk.command("time impact 14:05")
    desk.command("time")
    desk.command("time impact 14:10")
    answer = desk.submit({"resolved": "15:00"})
    assert TIMES_CHANGED in answer.text + json.dumps(answer.errors)
    assert told(desk) == {"impact": "2017-02-23 14:10"}


def test_each_change_is_recorded_once_and_is_no_entry(desk: Desk) -> None:
    entries = len(desk.entries)
    desk.command("time")
    for _ in range(2):
        desk.submit({"impact": "14:05"}, view_id="V1")
    with desk.store.read() as tx:
        revisions = tx.execute(report_revision.select()).mappings().all()
        acts = [line.line.act for line in latest(tx, limit=50)]
    assert [(one["part"], one["by"] != "") for one in revisions] == [("times", True)]
    assert revisions[0]["after"]["impact"]["typed"] == "14:05"
    assert acts.count("report.edited") == 1
    assert len(desk.entries) == entries


def test_times_can_be_set_after_closing(desk: Desk) -> None:
    desk.command("resolve")
    desk.command("close")
    desk.submit()
    assert desk.incident.status == "closed"
    assert "publishes its report again" in desk.command("time resolved 15:00").text
    assert told(desk) == {"resolved": "2017-02-23 15:00"}


@pytest.mark.parametrize("typed", ["--at 14:05", "—at 2017-02-23 14:05", "--AT ~14:05 -"])
def test_an_incident_that_began_earlier_is_declared_with_its_time(desk: Desk, typed: str) -> None:
    desk.command(f"declare {typed} Logins fail", channel=ELSEWHERE)
    shown = {block.get("block_id"): block for block in desk.slack.views[-1]["blocks"]}
    assert shown["title"]["element"]["initial_value"] == "Logins fail"
    assert shown["began"]["element"]["initial_value"].endswith("2017-02-23 14:05")
    assert desk.submit({"began": "half past two"}).errors["began"]
    desk.submit({"began": "14:06"})
    with desk.store.read() as tx:
        [made] = [one for one in incident_rows.unclosed(tx) if one.title == "Logins fail"]
    assert made.milestones[Milestone.IMPACT].at == at("2017-02-23 14:06")
    assert Milestone.DECLARED not in made.milestones
