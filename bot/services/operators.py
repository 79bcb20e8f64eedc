"""Tells the people who look after mayday what it gave up, once, in ``slack.operator_channel``.

What is to be told is in the database, so a kill loses nothing. A message carries its key: before mayday posts
it, it looks for the message of an earlier attempt.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot import deadline
from bot.domain.limits import Limits
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Post
from bot.render.operators import Lost, gave_up
from bot.store import given_up as rows
from bot.store.engine import Store

LOOK_BACK = timedelta(days=1)
"""How far back a message is looked for. It covers a difference between Slack's clock and ours."""

AGAIN = timedelta(minutes=5)
"""When a message that could not be posted is tried again."""

log = structlog.get_logger()


class Operators:
    """Posts in ``channel``, an id or ``#name``; where it is empty, logs instead."""

    def __init__(self, store: Store, chat: Chat, limits: Limits, *, channel: str) -> None:
        self._store = store
        self._chat = chat
        self._limits = limits
        self._channel = channel

    def tell(self, key: str, post: Post) -> None:
        """Post a message, unless one with this key was posted within the last day.

        The caller lets one replica at a time tell a key.

        Raises:
            UserError: Slack refuses, for example because there is no such channel.
            RetryLater: Slack can't be reached.
        """
        if not self._channel:
            log.error("operators.told", key=key, text=post.text)
            return
        with self._store.read() as tx:
            since = self._store.now(tx) - LOOK_BACK
        channel, effect = self._chat.resolve(self._channel), f"operators/{key}"
        if self._chat.find_post(channel, effect, since=since) is None:
            self._chat.post(channel, post, effect=effect)

    def tell_given_up(self) -> int:
        """Tell what was given up and not told; return how many deliveries were told."""
        told = 0
        while batch := self._claimed():
            lost = [
                Lost(key=each.key, received_at=each.received_at, error=each.error)
                for each in batch.deliveries
            ]
            try:
                # Nothing is sent later than this, so the next attempt finds what this one posted.
                with deadline.within(self._limits.call):
                    self.tell(batch.id, gave_up(lost))
            except (UserError, RetryLater) as exc:
                log.error("operators.not_told", error=str(exc), deliveries=[x.key for x in lost])
                with self._store.write() as tx:
                    rows.postpone(tx, batch.id, until=self._store.now(tx) + AGAIN)
                continue
            with self._store.write() as tx:
                rows.mark_told(tx, batch.id, now=self._store.now(tx))
            told += len(lost)
        return told

    def _claimed(self) -> rows.Batch | None:
        # An attempt that nobody ended is repeated once it can have no effect any more.
        seconds = 2 * self._limits.call
        with self._store.write() as tx:
            now = self._store.now(tx)
            return rows.claim_untold(tx, now=now, until=now + timedelta(seconds=seconds))
