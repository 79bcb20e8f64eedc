"""Another program with the same app token gets some of the deliveries: mayday notices, and says so."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from websocket import create_connection

from bot.bootstrap import Bot
from bot.services.examine import examine
from bot.slack.foreign_sockets import FOREIGN, LASTS, SELDOM, SOON, ForeignSockets
from bot.slack.socket import Count
from sandbox.slack import SlackSandbox
from tests.support.bot import running
from tests.support.waiting import wait_until


class Desk:
    """A socket whose counts and time a test sets. ``told`` has what was found."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.replicas = 1
        self.asked = 0
        self.told: list[int] = []
        socket: Any = SimpleNamespace(count=None, count_again=self._again)
        self.socket = socket
        self.foreign = ForeignSockets(
            socket, replicas=lambda: self.replicas, found=self.told.append, now=lambda: self.now
        )

    def _again(self) -> None:
        self.asked += 1

    def counts(self, others: int) -> None:
        """Slack counts now, and mayday looks a little later."""
        self.socket.count = Count(others=others, at=self.now)
        self.now += 20
        self.foreign.look()


@pytest.mark.parametrize(("replicas", "others"), [(1, 1), (2, 2), (3, 5)])
def test_others_that_last_are_told_until_they_end(replicas: int, others: int) -> None:
    desk = Desk()
    desk.replicas = replicas
    desk.counts(others)
    assert desk.foreign.problem() == ""
    desk.now += LASTS
    desk.counts(others)
    number = others - (replicas - 1)
    assert (desk.foreign.problem(), desk.told) == (FOREIGN, [number])
    desk.counts(replicas - 1)
    assert (desk.foreign.problem(), desk.told) == ("", [number, 0])


def test_a_connection_that_is_replaced_or_died_is_no_other() -> None:
    desk = Desk()
    desk.replicas = 2
    for _ in range(3):
        desk.counts(2)  # the other replica has two for a minute
        desk.now += LASTS
        desk.counts(1)
    assert (desk.foreign.problem(), desk.told) == ("", [])


def test_a_replica_that_stopped_is_no_other() -> None:
    desk = Desk()
    desk.replicas = 2
    desk.counts(1)
    desk.now += 2 * LASTS
    desk.replicas = 1
    desk.foreign.look()
    desk.counts(0)
    assert (desk.foreign.problem(), desk.told) == ("", [])


def test_slack_counts_soon_while_there_are_others_and_seldom_otherwise() -> None:
    desk = Desk()
    desk.foreign.look()
    desk.counts(0)
    desk.now += SELDOM - 21
    desk.foreign.look()
    assert desk.asked == 0
    desk.now += 2
    desk.foreign.look()
    assert desk.asked == 1
    desk.counts(1)
    desk.now += SOON
    desk.foreign.look()
    assert desk.asked == 2


def ready(bot: Bot) -> tuple[int, Any]:
    """The answer of ``/readyz``."""
    assert bot.http is not None
    answer = httpx.get(f"http://127.0.0.1:{bot.http.port}/readyz")
    return answer.status_code, answer.json()["wrong"]


def finding(bot: Bot) -> bool | None:
    """What the doctor finds of connections."""
    found = examine(bot.store, now=bot.clock, workflows=lambda: ())
    return next(each.ok for each in found if each.name == "connections")


def test_a_second_program_with_the_same_token(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("LASTS", 0.0), ("SOON", 1.0), ("SELDOM", 1.0)):
        monkeypatch.setattr(f"bot.slack.foreign_sockets.{name}", seconds)
    monkeypatch.setattr("bot.slack.connection.LINGERS", 3.0)
    with running(slack, sqlite_url, tmp_path, slack={"mode": "socket"}) as bot:
        assert (ready(bot), finding(bot)) == ((200, {}), True)

        def look(met: bool) -> bool:
            bot.ticks.run_soon("connections")
            bot.ticks.run_soon("socket")
            return (ready(bot)[1] == {"connections": FOREIGN}) is met

        web = WebClient(base_url=slack.api_url, retry_handlers=[])
        url = web.apps_connections_open(app_token=slack.app_token)["url"]
        with closing(create_connection(url, timeout=10)):
            wait_until(lambda: look(True), "the warning")
            assert finding(bot) is False
        wait_until(lambda: look(False) and finding(bot), "its end")
