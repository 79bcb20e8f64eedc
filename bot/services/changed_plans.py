"""Tell the people who approved a plan that it changed, so that nothing was done and it asks again.

Each gets one direct message for each plan that they approved, and never in a channel: others may read there.
The message is committed with the change, so neither a kill nor another replica loses or repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind
from bot.domain.slack_message import permalink
from bot.ports import JSON, Chat, Post
from bot.render.changed_plan import changed_plan
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.store import resources as rows
from bot.store.engine import Tx
from bot.store.resources import ResourceRow
from bot.store.runs import Run


def request(
    tx: Tx, run: Run, people: Iterable[str], difference: Iterable[str], *, now: datetime
) -> None:
    """Have each of these people told, once. ``run`` is as they approved it."""
    place = dict((run.plan or {}).get("place") or {})
    spec = {
        "run": run.id,
        "runbook": run.runbook,
        "place": {key: str(place.get(key, "")) for key in ("cluster", "namespace", "hub")},
        "difference": list(difference),
    }
    for user in dict.fromkeys(people):
        subject = f"{run.id}/{max(run.round, 1)}/{user}"
        spec_of = {**spec, "user": user}
        rows.add(tx, run.owner, ResourceKind.PLAN_CHANGED, subject, spec=spec_of, now=now)


def messages(
    posts: Posts,
    chat: Chat,
    owner: Incident | str,
    known: Mapping[str, ResourceRow],
    shown_at: Callable[[str], JSON],
) -> Iterator[Resource]:
    """The messages that were requested and are not sent yet; each stays as it was made.

    ``shown_at`` returns where the message of a run is, by the run's id; empty while nobody knows.
    """
    for row in known.values():
        if row.kind is ResourceKind.PLAN_CHANGED and not row.ref:
            yield posts.resource(
                owner,
                ResourceKind.PLAN_CHANGED,
                row.subject,
                spec=row.spec,
                render=partial(_post, chat, row.spec, shown_at(str(row.spec["run"]))),
                to=Destination(channel=partial(chat.open_dm, str(row.spec["user"]))),
                fixed=True,
            )


def _post(chat: Chat, spec: JSON, at: JSON) -> Post:
    link = permalink(chat.identity().url, str(at["channel"]), str(at["ts"])) if at else ""
    return changed_plan(
        runbook=str(spec["runbook"]),
        place=spec["place"],
        difference=spec["difference"],
        link=link,
    )
