"""What Slack should show of an incident, derived from its rows each time.

Every :class:`Resource` is one effect that can fail, be retried and be repaired by itself. Adding one
to the list is all it takes to have it made, kept up to date and mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bot.domain.incident import Incident
from bot.domain.slack_message import permalink
from bot.domain.timeline import Entry, EntryKind, Message, ts_moment
from bot.ports import JSON, Chat, Clock, Post
from bot.render import card, posts
from bot.services.settings import Settings
from bot.store import effects as effect_rows
from bot.store import incidents as incident_rows
from bot.store import runs as run_rows
from bot.store import timeline as timeline_rows
from bot.store.effects import Effect, EffectState
from bot.store.engine import Store
from bot.store.runs import Run, RunStep

REMINDER = "remind"
NOTICE = "notice"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One thing that should be so in Slack, with how to make, find and change it."""

    key: str
    want: Mapping[str, Any]
    make: Callable[[], JSON]
    look: Callable[[], JSON | None] | None = None
    change: Callable[[JSON], JSON] | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The rows of one incident, read in one transaction."""

    incident: Incident
    entries: Sequence[Entry]
    effects: Mapping[str, Effect]
    runs: Sequence[tuple[Run, Sequence[RunStep]]]

    def ref(self, key: str) -> JSON:
        """Where an effect of this incident can be found; empty while it is not made."""
        effect = self.effects.get(f"{self.incident.id}/{key}")
        return effect.ref if effect and effect.ref else {}


RunPosts = Callable[[Run, Sequence[RunStep]], Iterator[tuple[str, Post, str]]]
"""The messages of a run: key, message, and the key of the message it replies to or empty."""


class Resources:
    """Derives resources from snapshots."""

    def __init__(
        self, store: Store, chat: Chat, now: Clock, settings: Settings, run_posts: RunPosts
    ) -> None:
        self._store = store
        self._chat = chat
        self._now = now
        self._settings = settings
        self._run_posts = run_posts

    def snapshot(self, incident_id: str) -> Snapshot:
        """Read an incident's rows."""
        with self._store.read() as tx:
            return Snapshot(
                incident=incident_rows.get(tx, incident_id),
                entries=timeline_rows.entries(tx, incident_id),
                effects=effect_rows.of_incident(tx, incident_id),
                runs=[
                    (run, run_rows.steps(tx, run.id))
                    for run in run_rows.of_incident(tx, incident_id)
                ],
            )

    def of(self, snap: Snapshot) -> list[Resource]:
        """Everything that should be so, the most urgent first; none before there is a channel."""
        if snap.incident.channel_id is None:
            return []
        return [
            *self._people(snap),
            *self._face(snap),
            *self._talk(snap),
            *self._announcement(snap),
        ]

    def notice(self, snap: Snapshot) -> Resource | None:
        """What did not work, told to the person; taken back once it does, where it may have been told."""
        problems = sorted(
            {
                effect.error
                for key, effect in snap.effects.items()
                if effect.error
                and not key.endswith(f"/{NOTICE}")
                and (
                    effect.state in (EffectState.FAILED, EffectState.UNCLEAR) or effect.attempts > 1
                )
            }
        )
        told = snap.effects.get(f"{snap.incident.id}/{NOTICE}")
        may_be_there = told and (told.ref or told.state is EffectState.ATTEMPTING)
        if not problems and not may_be_there:
            return None
        post = posts.notice(problems, incident=snap.incident)
        declarer = snap.incident.declared_by
        is_in = bool(snap.ref(f"invite/{declarer}"))
        where = snap.incident.channel_id if is_in else None
        return self._post(snap, NOTICE, post, channel=lambda: where or self._chat.open_dm(declarer))

    def _people(self, snap: Snapshot) -> Iterator[Resource]:
        incident = snap.incident
        for user in dict.fromkeys([incident.declared_by, *incident.roles.values()]):
            yield Resource(
                key=f"{incident.id}/invite/{user}",
                want={"user": user},
                make=partial(self._invite, _channel(snap), user),
            )

    def _invite(self, channel: str, user: str) -> JSON:
        self._chat.invite(channel, user)
        return {"user": user}

    def _face(self, snap: Snapshot) -> Iterator[Resource]:
        incident, settings = snap.incident, self._settings
        hubs = settings.hub_urls
        report = next((e.data for e in reversed(snap.entries) if e.kind is EntryKind.PUBLISHED), {})
        shown = card.card(
            incident,
            roles=settings.policy.roles,
            hubs=hubs,
            reactions=settings.reactions,
            report_url=str(report.get("url") or ""),
        )
        yield self._post(snap, "card", shown)
        pinned = snap.ref("card").get("ts")
        if pinned:
            yield self._setting(
                snap, "pin", {"ts": pinned}, lambda: self._chat.pin(_channel(snap), pinned)
            )
        topic = card.topic(incident)
        yield self._setting(
            snap, "topic", {"topic": topic}, lambda: self._chat.set_topic(_channel(snap), topic)
        )
        links = {name: hubs[name] for name in incident.hubs if name in hubs}
        if str(report.get("url")).startswith("http"):
            links["Report"] = str(report["url"])
        for title, link in links.items():
            yield self._setting(
                snap,
                f"bookmark/{title}",
                {"link": link},
                partial(self._chat.bookmark, _channel(snap), title=title, link=link),
            )

    def _talk(self, snap: Snapshot) -> Iterator[Resource]:
        for entry in snap.entries:
            if entry.kind in posts.POSTED_KINDS and entry.deleted_at is None:
                yield self._post(snap, f"entry/{entry.id}", posts.entry_post(entry))
        for key, effect in snap.effects.items():
            is_reminder = key.startswith(f"{snap.incident.id}/{REMINDER}/")
            if is_reminder and not effect.ref and snap.incident.is_open:
                yield self._reminder(snap, effect)
        for run, steps in snap.runs:
            for name, post, parent in self._run_posts(run, steps):
                yield self._post(snap, name, post, reply_to=parent)

    def _reminder(self, snap: Snapshot, effect: Effect) -> Resource:
        due_at = datetime.fromisoformat(effect.want["due_at"])
        name = effect.key.removeprefix(f"{snap.incident.id}/")
        post = posts.reminder(snap.incident, due_at=due_at, now=self._now())
        made = self._post(snap, name, post)
        # What is wanted stays the due time: lateness is worded when it is sent, not before.
        return Resource(key=made.key, want=effect.want, make=made.make, look=made.look)

    def _announcement(self, snap: Snapshot) -> Iterator[Resource]:
        to = self._settings.announce_channel
        if snap.incident.private or not to:
            return
        shown = card.announcement(snap.incident, hubs=self._settings.hub_urls)
        yield self._post(snap, "announcement", shown, channel=lambda: self._chat.resolve(to))
        parent = snap.ref("announcement")
        if not parent:
            return
        for entry in snap.entries:
            if posts.is_news(entry) and entry.deleted_at is None:
                post = posts.stakeholder_update(snap.incident, entry)
                yield self._post(
                    snap,
                    f"announced/{entry.id}",
                    post,
                    channel=lambda: str(parent["channel"]),
                    reply_to="announcement",
                )

    def _setting(self, snap: Snapshot, name: str, want: JSON, do: Callable[[], None]) -> Resource:
        """Something that is set rather than made: setting it again is harmless."""

        def made() -> JSON:
            do()
            return {"set": True}

        return Resource(
            key=f"{snap.incident.id}/{name}", want=want, make=made, change=lambda _ref: made()
        )

    def _post(
        self,
        snap: Snapshot,
        name: str,
        post: Post,
        *,
        channel: Callable[[], str] | None = None,
        reply_to: str = "",
    ) -> Resource:
        """A message that is sent once and follows what it shows."""
        incident = snap.incident
        key = f"{incident.id}/{name}"
        to = channel or (lambda: _channel(snap))
        thread_ts = str(snap.ref(reply_to).get("ts", "")) if reply_to else ""

        def make() -> JSON:
            where = to()
            ts = self._chat.post(where, post, effect=key, thread_ts=thread_ts)
            self._keep_own(incident, where, ts, post, thread_ts)
            return {"channel": where, "ts": ts}

        def look() -> JSON | None:
            where = to()
            asked = snap.effects.get(key)
            since = asked.created_at if asked else incident.declared_at
            ts = self._chat.find_post(where, key, since=since, thread_ts=thread_ts)
            return {"channel": where, "ts": ts} if ts else None

        def change(ref: JSON) -> JSON:
            self._chat.change(str(ref["channel"]), str(ref["ts"]), post)
            return {}

        want = {"text": post.text, "blocks": [dict(block) for block in post.blocks]}
        return Resource(key=key, want=want, make=make, look=look, change=change)

    def _keep_own(
        self, incident: Incident, channel: str, ts: str, post: Post, thread_ts: str
    ) -> None:
        """Record our own message: Bolt drops its event before any listener sees it."""
        if channel != incident.channel_id:
            return
        with self._store.write() as tx:
            timeline_rows.add_message(
                tx,
                Message(
                    team_id=incident.team_id,
                    channel_id=channel,
                    ts=ts,
                    author=self._chat.identity().user_id,
                    text=post.text,
                    posted_at=ts_moment(ts),
                    thread_ts=thread_ts,
                    permalink=permalink(self._chat.identity().url, channel, ts, thread_ts),
                ),
            )


def _channel(snap: Snapshot) -> str:
    if snap.incident.channel_id is None:
        raise LookupError(f"{snap.incident.id} has no channel")
    return snap.incident.channel_id
