"""Shows a run outside of incidents: its plan, buttons and progress, in the channel where it was asked for.

mayday joins a public channel first, so that it can look for its message there before it repeats it. Where it
can't post, or where the channel is shared with another organization, the run is shown in a direct message to
the one who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

import structlog

from bot.domain.resources import (
    ResourceKind,
    ResourceState,
    digest,
    resource_key,
    step_subject,
)
from bot.errors import RetryLater, UserError
from bot.ports import JSON, Chat, Clock, Post
from bot.services import changed_plans
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.services.run_specs import own_steps, stage_spec
from bot.store import resources as rows
from bot.store import runs as run_rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from bot.store.runs import Run, RunStep

IS_SHARED = "This channel is shared with another organization."
DIRECT = "D"
"""The beginning of the ids of direct messages."""

RunPosts = Callable[[Run, Sequence[RunStep]], Sequence[Post]]
"""The messages of a run: its own, then one reply for each step begun where there is a plan."""

log = structlog.get_logger()


class RunMessages:
    """The messages of runs outside of incidents. ``now`` is the domain's time."""

    def __init__(self, store: Store, chat: Chat, now: Clock, run_posts: RunPosts) -> None:
        self._store = store
        self._chat = chat
        self._now = now
        self._run_posts = run_posts
        self._posts = Posts(chat)

    def due(self, run_id: str, keys: Collection[str] = ()) -> list[Resource]:
        """What Slack does not show as it must, without what needs a person or waits."""
        with self._store.read() as tx:
            found = run_rows.with_own_steps(tx, run_id)
            shown = rows.of_run(tx, run_id)
        if found is None:
            raise LookupError(run_id)
        now = self._now()
        return [
            resource
            for resource in self._of(*found, shown)
            if resource.is_due(shown.get(resource.key), None if resource.key in keys else now)
        ]

    def _of(
        self, run: Run, steps: Sequence[RunStep], shown: dict[str, ResourceRow]
    ) -> Iterator[Resource]:
        def post(place: int) -> Post:
            return self._run_posts(run, steps)[place]

        home = Destination(channel=partial(self._channel, run))
        yield self._posts.resource(
            run.owner,
            ResourceKind.RUN,
            run.id,
            spec=run_spec(run, steps),
            render=partial(post, 0),
            to=home,
        )
        own = shown.get(resource_key(run.owner, ResourceKind.RUN, run.id))
        yield from changed_plans.messages(
            self._posts, self._chat, run.owner, shown, lambda _run: own.ref if own else {}
        )
        if not (own and own.ref and run.plan):
            return
        thread = Destination(channel=partial(str, own.ref["channel"]), thread_ts=str(own.ref["ts"]))
        for place, stage in enumerate(run_rows.stages(steps), start=1):
            yield self._posts.resource(
                run.owner,
                ResourceKind.RUN_STEP,
                step_subject(run.id, stage[0].stage or stage[0].number),
                spec=stage_spec(stage),
                render=partial(post, place),
                to=thread,
            )

    def _channel(self, run: Run) -> str:
        """Where the run is shown; mayday is in that channel afterwards.

        Raises:
            UserError: mayday can't be in it, or it is shared.
        """
        if run.dm_id or run.channel_id.startswith(DIRECT):
            return run.dm_id or run.channel_id
        found = self._chat.channel(run.channel_id)
        if found.is_shared:
            raise UserError(IS_SHARED)
        if not found.is_member:
            self._chat.join(run.channel_id)
        return run.channel_id

    def move_to_dm(self, run_id: str) -> bool:
        """Have a run shown in a direct message if Slack refused its channel; return whether it is now.

        A message whose sending was not answered may exist in the channel, so it stays there.
        """
        with self._store.read() as tx:
            run = run_rows.get(tx, run_id)
            row = rows.get(tx, resource_key(run.owner, ResourceKind.RUN, run_id)) if run else None
        refused = row and row.state is ResourceState.FAILED and not row.ref
        if run is None or not refused or run.dm_id:
            return False
        try:
            dm = self._chat.open_dm(run.asked_by)
        except (UserError, RetryLater) as exc:  # the next attempt at the message comes here again
            log.warning("run.no_dm", run=run_id, error=str(exc))
            return False
        if dm == run.channel_id:
            return False
        with self._store.write() as tx:
            run_rows.change(tx, run_id, dm_id=dm)
        return True


def run_spec(run: Run, steps: Sequence[RunStep]) -> JSON:
    """The values that a run's own message shows. A value that is new is left out where it is empty, so that
    messages of the version before are not touched."""
    return {
        "runbook": run.runbook,
        "hub": run.hub,
        "state": run.state.value,
        "plan": digest(run.plan),
        "error": run.error,
        "asked_by": run.asked_by,
        "decided_by": run.decided_by,
        "steps": own_steps(run, steps),
        **({"approved_by": list(run.approved_by)} if run.approved_by else {}),
        **({"dm": run.dm_id} if run.dm_id else {}),
        **({"stop": run.stop_asked_by} if run.stop_asked_by else {}),
        **({"difference": list(run.difference)} if run.difference else {}),
    }
