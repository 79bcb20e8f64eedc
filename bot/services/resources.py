"""What Slack must show of an incident, derived from its rows each time.

Each :class:`Resource` fails, is retried and is repaired separately. To have one more created and kept
in step, yield it here and give its kind a line in ``ResourceKind`` and ``RENDERINGS``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

from bot.domain.leading import in_charge
from bot.domain.mrkdwn import UNNAMED, Mentions, Named
from bot.domain.resources import ResourceKind, ResourceState, as_json, step_subject
from bot.domain.timeline import EntryKind
from bot.ports import JSON, Chat, Clock, Post
from bot.render import found, posts
from bot.render.conflicts import ASKED
from bot.services import changed_plans
from bot.services.announcements import Announcements
from bot.services.channel_guard import LookAt, in_channel
from bot.services.diagnose import incident_post
from bot.services.filed import confirmations
from bot.services.incident_snapshot import Snapshot, read
from bot.services.invites import Invites
from bot.services.item_nags import nag_resources
from bot.services.notify import sent_texts
from bot.services.origin import origin_reply
from bot.services.overview import Overview
from bot.services.posts import Destination, Posts
from bot.services.readers import Readers, Sees, sees_nothing
from bot.services.reconciler import Resource
from bot.services.reminder_posts import reminder_resources
from bot.services.run_messages import RunMessages, RunPosts, run_spec
from bot.services.run_specs import stage_spec
from bot.services.settings import Settings
from bot.store import runs as run_rows
from bot.store.engine import Store
from bot.store.runs import Run, RunStep


class Resources:
    """Derives resources from snapshots. ``named`` and ``granted`` are as in
    :class:`bot.services.canvas.ChannelCanvas`."""

    def __init__(
        self,
        store: Store,
        chat: Chat,
        now: Clock,
        settings: Settings,
        run_posts: RunPosts,
        look: LookAt,
        invites: Invites,
        named: Callable[[str, Mentions], Named] = lambda _team_id, _found: UNNAMED,
        granted: Callable[[], frozenset[str]] = frozenset,
        sees: Sees = sees_nothing,
    ) -> None:
        self._store = store
        self._invites = invites
        self._chat = chat
        self._now = now
        self._settings = settings
        self._run_posts = run_posts
        self._look = look
        self._posts = Posts(chat)
        self._announcements = Announcements(chat, settings, look)
        self._readers = Readers(store, chat, now, settings, sees)
        self._overview = Overview(chat, settings, named, granted)
        self.alone = RunMessages(store, chat, now, run_posts)  # of runs outside of incidents

    def snapshot(self, incident_id: str) -> Snapshot:
        """Read an incident's rows."""
        with self._store.read() as tx:
            return read(tx, incident_id)

    def of(self, snap: Snapshot) -> list[Resource]:
        """Everything that Slack must show, the most urgent first; nothing before there is a channel.

        What belongs in the channel waits while mayday can't work there.
        """
        if snap.incident.channel_id is None:
            return []
        announced = list(self._announcements.of(snap))
        outside = [
            *self._channel_notices(snap),
            *changed_plans.messages(
                self._posts,
                self._chat,
                snap.incident,
                snap.resources,
                partial(snap.ref, ResourceKind.RUN),
            ),
            *self._readers.outside(snap),
            *sent_texts(snap, self._posts, self._chat, self._look),
            *origin_reply(snap, self._posts, self._look),
            *nag_resources(snap, self._posts, self._chat, self._look, inside=False),
        ]
        if snap.incident.channel_state:
            return [*announced, *outside]
        first = (*self._invites.of(snap), *self._overview.card(snap))
        inside = (
            *self._overview.around(snap),
            *self._invites.messages(snap),
            *self._entries(snap),
            *reminder_resources(snap, self._posts, self._settings.policy, self._now),
            *self._diagnoses(snap),
            *self._alike(snap),
            *self._reviews(snap),
            *self._runs(snap),
            *self._readers.inside(snap),
            *confirmations(snap, self._chat),
            *nag_resources(snap, self._posts, self._chat, self._look, inside=True),
        )
        return [
            *(in_channel(resource, self._look) for resource in first),
            *announced,
            *(in_channel(resource, self._look) for resource in inside),
            *self._handovers(snap),
            *outside,
        ]

    def due(self, snap: Snapshot, keys: Collection[str] = ()) -> list[Resource]:
        """What Slack does not show as it must, and what neither needs a person nor waits.

        Those with ``keys`` do not wait.
        """
        now = self._now()
        return [
            resource
            for resource in self.of(snap)
            if resource.is_due(
                snap.resources.get(resource.key), None if resource.key in keys else now
            )
        ]

    def notice(self, snap: Snapshot) -> Resource | None:
        """The message that lists what failed, or says that everything is done; None when nothing failed.

        It goes to the channel, or to the declarer directly while they are not in it. While another process
        invites them, it waits: that process shows it afterwards. While mayday can't work in the channel,
        direct messages say why, and list what failed besides.
        """
        if snap.incident.channel_state:
            return None
        problems = snap.problems
        row = snap.row(ResourceKind.NOTICE)
        may_exist = row and (row.ref or row.state is ResourceState.ATTEMPTING)
        if not problems and not may_exist:
            return None
        incident = snap.incident
        spec = posts.NoticeSpec(
            incident_id=incident.id, title=incident.shown_title, problems=problems
        )
        declarer = incident.declared_by
        invite = snap.row(ResourceKind.INVITE, declarer)
        is_in = bool(invite and invite.ref)
        is_being_invited = (
            invite and invite.state is ResourceState.ATTEMPTING and not (is_in or invite.error)
        )
        if is_being_invited and not may_exist:
            return None
        channel = incident.channel_id if is_in else None
        return self._post(
            snap,
            ResourceKind.NOTICE,
            spec=as_json(spec),
            render=lambda: posts.notice(spec),
            channel=lambda: channel or self._chat.open_dm(declarer),
        )

    def _entries(self, snap: Snapshot) -> Iterator[Resource]:
        for entry in snap.entries:
            is_posted = entry.kind in posts.POSTED_KINDS and not entry.data.get("quiet")
            if is_posted and not entry.is_deleted:
                spec = posts.entry_spec(entry)
                yield self._post(
                    snap,
                    ResourceKind.ENTRY,
                    str(entry.id),
                    spec=as_json(spec),
                    render=partial(posts.entry_post, spec),
                )

    def _diagnoses(self, snap: Snapshot) -> Iterator[Resource]:
        """The diagnoses that were requested and are not posted yet; each stays as it was made."""
        for row in snap.resources.values():
            if row.kind is ResourceKind.DIAGNOSIS and not row.ref:
                yield self._post(
                    snap,
                    ResourceKind.DIAGNOSIS,
                    row.subject,
                    spec=row.spec,
                    render=partial(incident_post, row.spec),
                    fixed=True,
                )

    def _alike(self, snap: Snapshot) -> Iterator[Resource]:
        """The past outages that were found to be like this one, as they were found."""
        row = snap.row(ResourceKind.ALIKE)
        if row and row.spec["found"] and not row.ref:
            yield self._post(
                snap,
                ResourceKind.ALIKE,
                spec=row.spec,
                render=partial(found.alike, row.spec),
                fixed=True,
            )

    def _reviews(self, snap: Snapshot) -> Iterator[Resource]:
        """What people are asked about the report, each in its current state."""
        for row in snap.resources.values():
            if post := ASKED.get(row.kind):
                shown = partial(post, row.spec)
                yield self._post(snap, row.kind, row.subject, spec=row.spec, render=shown)

    def _runs(self, snap: Snapshot) -> Iterator[Resource]:
        for run, steps in snap.runs:
            yield self._post(
                snap,
                ResourceKind.RUN,
                run.id,
                spec=run_spec(run, steps),
                render=partial(self._run_post, run, steps, 0),
            )
            if not run.plan:
                continue
            for place, stage in enumerate(run_rows.stages(steps), start=1):
                yield self._post(
                    snap,
                    ResourceKind.RUN_STEP,
                    step_subject(run.id, stage[0].stage or stage[0].number),
                    spec=stage_spec(stage),
                    render=partial(self._run_post, run, steps, place),
                    reply_to=snap.ref(ResourceKind.RUN, run.id),
                )

    def _run_post(self, run: Run, steps: Sequence[RunStep], place: int) -> Post:
        return self._run_posts(run, steps)[place]

    def _channel_notices(self, snap: Snapshot) -> Iterator[Resource]:
        """A direct message to each person in charge, for the last time that mayday lost the channel.

        A closed incident's channel may be archived: nobody is told, unless something failed. Once mayday
        can work there again, the messages that were sent say so.
        """
        incident = snap.incident
        lost = [e for e in snap.entries if e.kind is EntryKind.CHANNEL and e.data["to"]]
        if not lost:
            return
        state = incident.channel_state
        spec = posts.ChannelSpec(
            incident_id=incident.id,
            title=incident.shown_title,
            channel_name=incident.channel_name,
            status=incident.status,
            state=state,
            problems=snap.problems if state else (),
        )
        for user in dict.fromkeys(
            [incident.declared_by, in_charge(incident, self._settings.policy)]
        ):
            subject = f"{lost[-1].id}/{user}"
            is_needed = state and (incident.closed_at is None or spec.problems)
            if is_needed or snap.ref(ResourceKind.CHANNEL_NOTICE, subject):
                yield self._post(
                    snap,
                    ResourceKind.CHANNEL_NOTICE,
                    subject,
                    spec=as_json(spec),
                    render=lambda: posts.channel_notice(spec),
                    channel=partial(self._chat.open_dm, user),
                )

    def _handovers(self, snap: Snapshot) -> Iterator[Resource]:
        """A direct message to each person who got the lead with a note, once they are in the channel."""
        for entry in snap.entries:
            if entry.kind is not EntryKind.ROLE or "text" not in entry.data or entry.is_deleted:
                continue
            user = str(entry.data["user"])
            if user == entry.author or not snap.ref(ResourceKind.INVITE, user):
                continue
            spec = posts.HandoverSpec(
                title=snap.incident.title,
                channel_id=snap.channel,
                severity=snap.incident.severity,
                entry=posts.entry_spec(entry),
            )
            yield self._post(
                snap,
                ResourceKind.HANDOVER,
                str(entry.id),
                spec=as_json(spec),
                render=partial(posts.handover_post, spec),
                channel=partial(self._chat.open_dm, user),
                fixed=True,
            )

    def _post(
        self,
        snap: Snapshot,
        kind: ResourceKind,
        subject: str = "",
        *,
        spec: JSON,
        render: Callable[[], Post],
        channel: Callable[[], str] | None = None,
        reply_to: JSON | None = None,
        fixed: bool = False,
    ) -> Resource:
        """A message in the incident's channel, or in ``channel``."""
        return self._posts.resource(
            snap.incident,
            kind,
            subject,
            spec=spec,
            render=render,
            to=Destination(
                channel=channel or (lambda: snap.channel),
                thread_ts=str((reply_to or {}).get("ts", "")),
            ),
            fixed=fixed,
        )
