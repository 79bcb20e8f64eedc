"""Notifies mayday's operators once of deliveries that it gave up, in ``slack.operator_channel``.

The deliveries are in the database, so a kill loses no message. A message carries its key: before mayday posts
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
"""How far back a message is looked for, by Slack's clock."""

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

    def notify(self, key: str, post: Post) -> None:
        """Post a message, unless one with this key was posted within the last day.

        The caller lets one replica at a time use a key.

        Raises:
            UserError: Slack refuses, for example because there is no such channel.
            RetryLater: Slack can't be reached.
        """
        if not self._channel:
            log.error("operators.notified", key=key, text=post.text)
            return
        since = self._chat.time() - LOOK_BACK
        channel, effect = self._chat.resolve(self._channel), f"operators/{key}"
        if self._chat.find_post(channel, effect, since=since) is None:
            self._chat.post(channel, post, effect=effect)

    def notify_given_up(self) -> int:
        """Post what was given up and not posted yet; return how many deliveries that were."""
        done = 0
        while (number := self._notify_batch()) is not None:
            done += number
        return done

    def _notify_batch(self) -> int | None:
        """Post one batch; return how many deliveries were posted, or None if no batch is left."""
        # It begins before the claim, so no request is sent after the claim has ended, and the next replica
        # to claim the batch finds a message that this one posted.
        with deadline.within(self._limits.call):
            batch = self._claimed()
            if batch is None:
                return None
            lost = [
                Lost(key=each.key, received_at=each.received_at, error=each.error)
                for each in batch.deliveries
            ]
            try:
                self.notify(batch.id, gave_up(lost))
            except (UserError, RetryLater) as exc:
                log.error(
                    "operators.not_notified", error=str(exc), deliveries=[one.key for one in lost]
                )
                with self._store.write() as tx:
                    rows.postpone(tx, batch.id, until=self._store.now(tx) + AGAIN)
                return 0
        with self._store.write() as tx:
            rows.mark_notified(tx, batch.id, now=self._store.now(tx))
        return len(lost)

    def _claimed(self) -> rows.Batch | None:
        # An attempt that nobody ended is repeated once it can have no effect any more.
        seconds = 2 * self._limits.call
        with self._store.write() as tx:
            now = self._store.now(tx)
            return rows.claim_unnotified(tx, now=now, until=now + timedelta(seconds=seconds))
