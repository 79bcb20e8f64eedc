"""How an incident's channel shows its state: the pinned card, the topic, the bookmarks and the canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from bot.domain.incident import Incident
from bot.domain.mrkdwn import Mentions, Named
from bot.domain.resources import ResourceKind, as_json
from bot.domain.runs import RunState
from bot.domain.slack_message import permalink
from bot.domain.timeline import EntryKind
from bot.ports import JSON, Chat
from bot.render import card, topic
from bot.render.card import CardSpec
from bot.render.state import RunningSpec
from bot.services import canvas
from bot.services.canvas import ChannelCanvas
from bot.services.incident_snapshot import Snapshot
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.services.settings import Settings

REPORT_BOOKMARK = "Report"


class Overview:
    """Derives them from snapshots."""

    def __init__(
        self,
        chat: Chat,
        settings: Settings,
        named: Callable[[str, Mentions], Named],
        granted: Callable[[], frozenset[str]],
    ) -> None:
        self._canvas = ChannelCanvas(chat, settings, named, granted)
        self._chat = chat
        self._settings = settings
        self._posts = Posts(chat)

    def card(self, snap: Snapshot) -> Iterator[Resource]:
        """The card, then its pin."""
        shown = self._card_spec(snap)
        yield self._posts.resource(
            snap.incident,
            ResourceKind.CARD,
            spec=as_json(shown),
            render=lambda: card.card(shown),
            to=Destination(channel=lambda: snap.channel),
        )
        if pinned := snap.ref(ResourceKind.CARD).get("ts"):
            yield setting(
                snap.incident,
                ResourceKind.PIN,
                spec={"ts": pinned},
                apply=lambda: self._chat.pin(snap.channel, pinned),
            )

    def around(self, snap: Snapshot) -> Iterator[Resource]:
        """The topic, the bookmarks and the canvas.

        A closed incident keeps its topic, because Slack posts a message about each change of it. So does a
        channel that was taken over.
        """
        incident = snap.incident
        if incident.closed_at is None and not incident.adopted:
            shown = topic.topic_spec(incident)
            yield setting(
                incident,
                ResourceKind.TOPIC,
                spec=as_json(shown),
                apply=lambda: self._chat.set_topic(snap.channel, topic.topic(shown)),
            )
        yield from self._bookmarks(snap)
        yield from self._canvas.of(snap, self._card_spec(snap))

    def _bookmarks(self, snap: Snapshot) -> Iterator[Resource]:
        """A link to each hub and to the report; those of hubs that were removed are removed."""
        hubs = self._hub_urls(snap.incident)
        links = {name: hubs[name] for name in snap.incident.hubs if hubs.get(name)}
        report_url = next(iter(_report(snap).values()), "")
        if report_url.startswith("http"):
            links[REPORT_BOOKMARK] = report_url
        for one in snap.resources.values():
            if one.kind is ResourceKind.BOOKMARK and one.subject not in links:
                links[one.subject] = ""
        for title, link in links.items():
            row = snap.row(ResourceKind.BOOKMARK, title)
            shown = str((row.applied_spec or {}).get("link", "")) if row else ""
            yield setting(
                snap.incident,
                ResourceKind.BOOKMARK,
                title,
                spec={"link": link},
                apply=(
                    partial(self._chat.bookmark, snap.channel, title=title, link=link)
                    if link
                    else partial(self._chat.remove_bookmark, snap.channel, title=title, link=shown)
                ),
            )

    def _card_spec(self, snap: Snapshot) -> CardSpec:
        incident = snap.incident
        return card.card_spec(
            incident,
            policy=self._settings.policy,
            hubs=self._hub_urls(incident),
            reactions=self._settings.reactions,
            zone=self._settings.zone,
            entries=snap.entries,
            next_at=snap.next_at,
            running=[
                RunningSpec(
                    runbook=run.runbook,
                    hub=run.hub,
                    link=self._link(snap, ResourceKind.RUN, run.id),
                )
                for run, _ in snap.runs
                if run.state is RunState.RUNNING
            ],
            links=_links(snap),
            duplicate_of=snap.other_channel,
            duplicates=snap.duplicate_channels,
            canvas=canvas.said(snap),
        )

    def _link(self, snap: Snapshot, kind: ResourceKind, subject: str) -> str:
        """The address of a message in the incident's channel, empty until it is posted."""
        ref = snap.ref(kind, subject)
        if not ref:
            return ""
        return permalink(self._chat.identity().url, str(ref["channel"]), str(ref["ts"]))

    def _hub_urls(self, incident: Incident) -> dict[str, str]:
        return {**self._settings.hub_urls, **incident.report_options.hub_urls}


def _links(snap: Snapshot) -> dict[str, str]:
    """Where the report is, and the message that the incident was declared from."""
    origin = snap.incident.origin_message
    return {**_report(snap), **({"Declared from": origin.permalink} if origin else {})}


def _report(snap: Snapshot) -> dict[str, str]:
    """Where the report was published last, by label."""
    found = next((e.data for e in reversed(snap.entries) if e.kind is EntryKind.PUBLISHED), {})
    places = [str(place) for place in (found.get("url"), *found.get("others", ())) if place]
    return {f"Report {n}" if n > 1 else "Report": place for n, place in enumerate(places, start=1)}


def setting(
    incident: Incident,
    kind: ResourceKind,
    subject: str = "",
    *,
    spec: JSON,
    apply: Callable[[], None],
) -> Resource:
    """Something that is set rather than created: setting it again is harmless."""

    def create() -> JSON:
        apply()
        return {"set": True}

    return Resource(
        incident_id=incident.id,
        kind=kind,
        subject=subject,
        spec=spec,
        create=create,
        update=lambda _ref: create(),
    )
