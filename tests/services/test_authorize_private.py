"""A public incident whose channel was made private, which mayday has not heard: who still sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.access import Act
from bot.errors import RetryLater, UserError
from bot.services.authorize import Asker
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, stored

ABSENT = "not in its channel"
NAMED = f"in <#{CHANNEL}>"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with a public incident, in whose channel is everybody but Ben."""
    store = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    store.migrate()
    stored(store)
    made = Desk(store)
    made.slack.absent = {CHANNEL: {BEN}}
    yield made
    store.close()


@pytest.mark.parametrize("line", ["timeline", "report", "role", "note hello", "close"])
def test_from_elsewhere_slack_says_whether_it_is_still_public(desk: Desk, line: str) -> None:
    assert ABSENT not in desk.command(f"{line} {NAMED}", channel=ELSEWHERE, user=BEN).text
    desk.slack.private = {CHANNEL}
    assert ABSENT in desk.command(f"{line} {NAMED}", channel=ELSEWHERE, user=BEN).text
    assert desk.incident.private
    assert ABSENT not in desk.command(f"{line} {NAMED}", channel=ELSEWHERE, user=ANA).text


def test_a_channel_that_slack_does_not_show_is_not_taken_for_public(desk: Desk) -> None:
    desk.slack.failing = {
        "channel": UserError("There is no such channel.", code="channel_not_found"),
        "is_member": UserError("There is no such channel.", code="channel_not_found"),
    }
    assert ABSENT in desk.command(f"timeline {NAMED}", channel=ELSEWHERE, user=BEN).text
    declarer = desk.incident.declared_by
    assert ABSENT not in desk.command(f"timeline {NAMED}", channel=ELSEWHERE, user=declarer).text


def test_while_slack_is_silent_nothing_is_shown_elsewhere(desk: Desk) -> None:
    desk.slack.failing = {"channel": RetryLater("Slack is silent.")}
    asker = Asker(user=BEN, channel=ELSEWHERE)
    with pytest.raises(RetryLater):
        desk.authorize.decide(asker, Act.READ, desk.incident)


def test_a_role_makes_nobody_a_member_of_a_channel_that_has_become_private(desk: Desk) -> None:
    desk.slack.private = {CHANNEL}
    answer = desk.command(f"role commander <@{BEN}>", user=ANA)
    assert "not in this private channel" in answer.text
    assert dict(desk.incident.roles) == {}
