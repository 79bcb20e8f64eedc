"""Who gets the evidence of a diagnosis where people of another organization are in the channel."""

from __future__ import annotations

import pytest

from bot.errors import RetryLater
from bot.store.engine import Store
from tests.support.desk import ANA, Desk
from tests.support.hubs import pod, route, server
from tests.support.rows import CHANNEL, end_claims
from tests.support.scripted import Scripted, site


@pytest.fixture
def desk(rows: Store) -> Desk:
    """A desk where Ana's server has no route, with a diagnosis."""
    party = Scripted(records=[server("ana")], live=[pod("ana")], known=[route("zoe")])
    made = Desk(rows, sites={"datahub": site(party)})
    made.command("diagnose")
    return made


@pytest.fixture
def diagnosed(desk: Desk) -> str:
    """The diagnosis' id."""
    (line,) = [
        each.line
        for each in desk.audit.latest(limit=9)
        if each.line.act == "diagnose" and each.line.after
    ]
    return str(line.after["diagnosis"])


def test_no_other_organization_reads_the_evidence(desk: Desk, diagnosed: str) -> None:
    desk.slack.shared = {CHANNEL}
    answer = desk.press("diagnosis.evidence", diagnosed)
    assert [file[0] for file in desk.slack.files] == [f"D{ANA}"]
    assert "shared with another organization" in answer.text


def test_without_an_answer_about_the_channel_no_evidence_is_shared(
    desk: Desk, rows: Store, diagnosed: str
) -> None:
    desk.slack.failing = {"channel": RetryLater("Slack did not answer.")}
    desk.press("diagnosis.evidence", diagnosed)
    assert desk.slack.files == []
    desk.slack.failing = {}
    end_claims(rows)
    desk.dispatcher.replay()
    assert [file[0] for file in desk.slack.files] == [CHANNEL]
