"""The workflows of the queue that every replica listens to are a fixed set.

A replica leaves a workflow alone forever whose name it does not know. During an update older replicas listen
to the same queue, so a workflow with a new name needs a queue of its own that they do not know.
"""

from __future__ import annotations

from bot.bootstrap import Bot
from bot.durable import QUEUE

KNOWN = {"mayday": {"sync", "publish", "plan", "execute"}}
"""Never add a name to a queue that was released; register a new queue in ``bot/durable.py`` instead."""


def test_no_new_name_is_in_a_queue_that_older_replicas_listen_to(bot: Bot) -> None:
    assert set(bot.durable._workflows) == KNOWN[QUEUE]
