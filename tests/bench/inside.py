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
from datetime import datetime, timedelta
from typing import Any, cast

from slack_sdk import WebClient
from sqlalchemy import Connection, event, func, select, update

from bot.bootstrap import Bot
from bot.config import load
from bot.store.tables import incident, reading

PAGE = 200
"""Messages that a page of history or of replies has at most."""
HOUR = timedelta(hours=1)
WITHOUT_ROWS = timedelta(minutes=5)
"""The interval of a mayday that keeps no row about its readings."""
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
        with self.bot.store.write() as tx:
            tx.execute(
                update(reading).values(
                    is_whole=True, asked=reading.c.asked + 1, due_at=self._past(tx)
                )
            )
        self._due()

    def hour(self) -> None:
        """Read what is due during one hour, with due times moved instead of waiting."""
        passed = timedelta()
        while True:
            with self.bot.store.write() as tx:
                due = tx.execute(select(func.min(reading.c.due_at))).scalar()
                wait = WITHOUT_ROWS if due is None else due - self.bot.store.now(tx)
                passed += max(wait, timedelta())
                if passed >= HOUR:
                    return
                for each in tx.execute(select(reading.c.incident_id, reading.c.due_at)).all():
                    tx.execute(
                        update(reading)
                        .where(reading.c.incident_id == each.incident_id)
                        .values(due_at=each.due_at - wait - timedelta(milliseconds=1))
                    )
            self._due()

    def _due(self) -> None:
        """Read what is due, and wait until no reading is under way."""
        self.bot.services.backfill.all()
        while True:
            with self.bot.store.read() as tx:
                owned = select(reading.c.incident_id).where(reading.c.owner.is_not(None))
                if tx.execute(owned).first() is None:
                    return
            time.sleep(0.01)

    def _past(self, tx: Connection) -> datetime:
        return self.bot.store.now(tx) - timedelta(seconds=1)

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


if __name__ == "__main__":
    main()
