"""mayday's reading of history in a process of its own, which reports the CPU time and the rows it wrote.

It runs the bot's own services without the bot's clock, so that nothing else uses the process. Each line of
standard input is a request: ``plain``, ``read`` or ``hour``. Each line of standard output is an answer.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable
from concurrent.futures import wait
from datetime import timedelta
from typing import Any, cast

from slack_sdk import WebClient
from sqlalchemy import Connection, event, select, update

from bot.bootstrap import Bot
from bot.config import load
from bot.store.tables import incident, reading

PAGE = 200
"""Messages that a page of history or of replies has at most."""
HOUR = timedelta(hours=1)
TICKS = 720
"""How often the bot's clock asks in an hour whether a reading is due."""
_OWN_ROWS = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) (reading|claim|replica)\b")


class Inside:
    """A bot that is built and not started."""

    def __init__(self) -> None:
        self.bot = Bot(load())
        self.bot.store.migrate()
        self.written = 0
        event.listen(self.bot.store.engine, "commit", self._committed)
        event.listen(self.bot.store.engine, "after_cursor_execute", self._executed)

    def plain(self) -> None:
        """Make the calls of a whole reading, and nothing else."""
        slack = self.bot.config.slack
        client = WebClient(token=slack.bot_token.get_secret_value(), base_url=slack.api_url)
        with self.bot.store.read() as tx:
            channels = tx.execute(select(incident.c.channel_id)).scalars().all()
        for channel in channels:
            for page in client.conversations_history(channel=channel, limit=PAGE):
                for parent in page["messages"]:
                    if parent.get("reply_count"):
                        client.conversations_replies(channel=channel, ts=parent["ts"], limit=PAGE)

    def read(self) -> None:
        """Read the whole channel of each incident, as after a gap."""
        self.bot.services.backfill.ask_whole()
        self._due()

    def hour(self) -> None:
        """Read what is due during one hour, with due times moved instead of waiting."""
        passed = timedelta()
        while True:
            with self.bot.store.write() as tx:
                rows = tx.execute(select(reading.c.incident_id, reading.c.due_at)).all()
                ahead = min(row.due_at for row in rows) - self.bot.store.now(tx)
                passed += max(ahead, timedelta())
                if passed >= HOUR:
                    break
                for row in rows:
                    tx.execute(
                        update(reading)
                        .where(reading.c.incident_id == row.incident_id)
                        .values(due_at=row.due_at - ahead)
                    )
            self._due()
        for _ in range(TICKS):
            self.bot.services.backfill.tick()

    def _due(self) -> None:
        """Read everything that is due."""
        backfill = self.bot.services.backfill
        while True:
            backfill.tick()
            wait(backfill._futures)
            with self.bot.store.read() as tx:
                due = reading.c.due_at <= self.bot.store.now(tx)
                if tx.execute(select(reading.c.incident_id).where(due)).first() is None:
                    return

    def _committed(self, conn: Connection) -> None:
        """Count what SQLite changed since this connection's last commit."""
        total = cast("sqlite3.Connection", conn.connection.dbapi_connection).total_changes
        self.written += total - conn.info.get("counted", 0)
        conn.info["counted"] = total

    def _executed(self, _conn: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        """Leave out the rows about the reading itself."""
        if _OWN_ROWS.match(statement):
            self.written -= max(cursor.rowcount, 0)


def main() -> None:
    """Serve requests until the input ends."""
    inside = Inside()
    requests: dict[str, Callable[[], None]] = {
        "plain": inside.plain,
        "read": inside.read,
        "hour": inside.hour,
    }
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        written, cpu, began = inside.written, time.process_time(), time.monotonic()
        requests[line.strip()]()
        answer = {
            "written": inside.written - written,
            "cpu": time.process_time() - cpu,
            "seconds": time.monotonic() - began,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    inside.bot.services.backfill.close()
    inside.bot.store.close()


if __name__ == "__main__":
    main()
