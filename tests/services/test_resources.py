"""Messages change with their values, not with a release's wording, unless it requires that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.domain.report_options import ReportOptions
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.ports import Identity, Post
from bot.render import card, posts
from bot.render import topic as topics
from bot.render.renderings import RENDERINGS
from bot.services.channel import Channels
from bot.services.reconciler import Reconciler
from bot.services.resources import Resources
from bot.services.sync import Sync
from bot.store import incidents as incident_rows
from bot.store import resources as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.inviting import invites
from tests.support.leases import AT_ONCE, AlwaysHeld
from tests.support.looks import Rows
from tests.support.rows import CHANNEL, NOW, TEAM, NoWork, settings, stored

ID = "abc123abc123"
SETTINGS = settings()


@dataclass
class Workspace:
    """A Slack that stores messages by ts, and counts the edits of each."""

    messages: dict[str, Post] = field(default_factory=dict)
    edits: dict[str, int] = field(default_factory=dict)
    topic: str = ""
    topics: int = 0
    bookmarks: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    def identity(self) -> Identity:
        return Identity(
            user_id="U0BOT",
            bot_id="B0BOT",
            team_id=TEAM,
            team="Team",
            url="https://team.slack.com/",
        )

    def resolve(self, channel: str) -> str:
        return channel

    def invite(self, channel_id: str, user: str) -> None:
        self.calls += 1

    def pin(self, channel_id: str, ts: str) -> None:
        self.calls += 1

    def set_topic(self, channel_id: str, topic: str) -> None:
        self.calls += 1
        self.topics += 1
        self.topic = topic

    def bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        self.calls += 1
        self.bookmarks[title] = link

    def remove_bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        self.calls += 1
        if self.bookmarks.get(title) == link:
            del self.bookmarks[title]

    def open_dm(self, user: str) -> str:
        return f"D{user}"

    def post(self, channel_id: str, post: Post, *, effect: str, thread_ts: str = "") -> str:
        self.calls += 1
        ts = f"1487895900.{len(self.messages):06}"
        self.messages[ts] = post
        return ts

    def change(self, channel_id: str, ts: str, post: Post) -> None:
        self.calls += 1
        self.edits[ts] = self.edits.get(ts, 0) + 1
        self.messages[ts] = post


@dataclass
class Scene:
    """An open incident with its messages in Slack."""

    store: Store
    workspace: Workspace
    sync: Sync

    def run(self) -> None:
        """Run the workflow, as after any change or restart."""
        self.sync.workflow(ID)

    def shown(self, kind: ResourceKind, subject: str = "") -> Post:
        """The message of a resource in Slack."""
        return self.workspace.messages[self.ts(kind, subject)]

    def ts(self, kind: ResourceKind, subject: str = "") -> str:
        with self.store.read() as tx:
            row = rows.find(tx, ID, kind, subject)
        assert row is not None
        return str(row.ref["ts"])

    def save(self, **values: Any) -> None:
        """Change the incident."""
        with self.store.write() as tx:
            incident_rows.save(tx, replace(incident_rows.get(tx, ID, lock=True), **values))


@pytest.fixture
def scene(sqlite_url: str) -> Iterator[Scene]:
    store = Store(sqlite_url)
    store.migrate()
    stored(store)
    with store.write() as tx:
        rows.add(tx, ID, ResourceKind.CHANNEL, spec={"private": False}, now=NOW)
        key = f"{ID}/channel"
        rows.change(
            tx,
            key,
            state="done",
            applied_spec={"private": False},
            rendering=RENDERINGS[ResourceKind.CHANNEL],
            ref={"channel": CHANNEL},
        )
        timeline_rows.add_entry(
            tx,
            incident_id=ID,
            at=NOW,
            now=NOW,
            kind=EntryKind.UPDATE,
            author="U0ANA",
            data={"text": "Routes come back.", "status": "investigating"},
            source="a test",
        )
    workspace = Workspace()
    chat: Any = workspace
    reconciler = Reconciler(
        store, lambda: NOW, lease=AlwaysHeld(store), limits=AT_ONCE, slack_time=lambda: NOW
    )
    look = Rows(store).look
    channels = Channels(store, reconciler, chat, SETTINGS)
    resources = Resources(
        store,
        chat,
        lambda: NOW,
        SETTINGS,
        lambda _run, _steps: [],
        look,
        invites(store, chat, SETTINGS),
    )
    made = Scene(store, workspace, Sync(store, reconciler, NoWork(), channels, resources, look))
    made.run()
    assert len(workspace.messages) == 4, "the card, the update, the announcement and its reply"
    yield made
    store.close()


def test_a_notice_waits_while_its_reader_is_being_invited(scene: Scene) -> None:
    resources = scene.sync._resources
    invite = f"{ID}/invite/U0ANA"
    with scene.store.write() as tx:
        rows.change(tx, f"{ID}/topic", state="failed", error="Add the scope.")
        rows.change(tx, invite, state="attempting", ref={}, applied_spec=None)
    assert resources.notice(resources.snapshot(ID)) is None
    with scene.store.write() as tx:
        rows.change(tx, invite, error="Slack did not answer.")
    assert resources.notice(resources.snapshot(ID)) is not None, "it goes to them directly"


def reworded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that changes all wording."""

    def other(render: Any) -> Any:
        return lambda spec: replace(render(spec), text=f"In other words: {render(spec).text}")

    for module, names in {
        card: ("card", "announcement"),
        posts: ("entry_post", "announced_update"),
    }.items():
        for name in names:
            monkeypatch.setattr(module, name, other(getattr(module, name)))
    topic = topics.topic
    monkeypatch.setattr(topics, "topic", lambda spec: f"In other words: {topic(spec)}")


def test_a_release_that_only_rewords_calls_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, before = scene.workspace.calls, dict(scene.workspace.messages)
    reworded(monkeypatch)
    assert scene.sync.due(ID) == []
    scene.run()
    assert scene.workspace.messages == before
    assert scene.workspace.calls == calls


def test_a_raised_rendering_edits_each_message_of_its_kind_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    reworded(monkeypatch)
    raised: Mapping[ResourceKind, int] = {
        ResourceKind.CARD: RENDERINGS[ResourceKind.CARD] + 1,
        ResourceKind.ENTRY: RENDERINGS[ResourceKind.ENTRY] + 1,
    }
    for kind, version in raised.items():
        monkeypatch.setitem(RENDERINGS, kind, version)
    scene.run()
    scene.run()
    edited = {scene.ts(ResourceKind.CARD): 1, scene.ts(ResourceKind.ENTRY, "1"): 1}
    assert scene.workspace.edits == edited
    assert scene.shown(ResourceKind.CARD).text.startswith("In other words: ")
    assert not scene.shown(ResourceKind.ANNOUNCEMENT).text.startswith("In other words: ")


def test_a_changed_value_is_shown_in_the_words_of_the_release(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    reworded(monkeypatch)
    scene.save(severity="sev1")
    scene.run()
    for kind in (ResourceKind.CARD, ResourceKind.ANNOUNCEMENT):
        said = scene.shown(kind).text
        assert said.startswith("In other words: Proxy was evicted: investigating, sev1")
    assert scene.workspace.topic == "Proxy was evicted", "it shows nothing that changed"
    assert len(scene.workspace.edits) == 2, "the update and its reply show nothing that changed"


def add(scene: Scene, kind: EntryKind, data: dict[str, Any]) -> int:
    """Add an entry by Ana; return its id."""
    with scene.store.write() as tx:
        timeline_rows.add_entry(
            tx,
            incident_id=ID,
            at=NOW,
            now=NOW,
            kind=kind,
            author="U0ANA",
            data=data,
            source=f"a test/{kind}",
        )
        return timeline_rows.entry_of_source(tx, ID, f"a test/{kind}").id


def test_the_announcement_follows_the_card_at_once(scene: Scene) -> None:
    resources = scene.sync._resources
    kinds = [resource.kind for resource in resources.of(resources.snapshot(ID))]
    assert kinds[:4] == [
        ResourceKind.INVITE,
        ResourceKind.CARD,
        ResourceKind.PIN,
        ResourceKind.ANNOUNCEMENT,
    ]


def test_a_change_of_status_or_lead_changes_no_topic(scene: Scene) -> None:
    """Slack posts a message about each change of a topic, beside mayday's own."""
    scene.save(status="fixing", severity="sev1", roles={"commander": "U0BEN"})
    scene.run()
    assert scene.workspace.topics == 1
    scene.save(title="Routes are gone", hubs=("datahub",))
    scene.run()
    assert (scene.workspace.topics, scene.workspace.topic) == (2, "Routes are gone · datahub")
    scene.save(title="What happened", status="closed", resolved_at=NOW, closed_at=NOW)
    scene.run()
    assert scene.workspace.topics == 2, "a closed incident is changed quietly"
    assert "What happened" in scene.shown(ResourceKind.CARD).text
    assert "What happened" in scene.shown(ResourceKind.ANNOUNCEMENT).text


def test_a_quiet_entry_is_not_posted(scene: Scene) -> None:
    before = len(scene.workspace.messages)
    add(scene, EntryKind.EDITED, {"after": {"summary": "x"}, "before": {}, "quiet": True})
    scene.run()
    assert len(scene.workspace.messages) == before


def test_whoever_gets_the_lead_is_told_directly_once_they_are_in(scene: Scene) -> None:
    data = {"role": "commander", "user": "U0BEN", "before": "U0ANA", "text": "routes are next"}
    entry = str(add(scene, EntryKind.ROLE, data))
    resources = scene.sync._resources
    kinds = [each.kind for each in resources.of(resources.snapshot(ID))]
    assert ResourceKind.HANDOVER not in kinds, "Ben isn't invited yet"
    scene.save(roles={"commander": "U0BEN"})
    scene.run()
    told = scene.shown(ResourceKind.HANDOVER, entry)
    assert "<@U0ANA> handed an incident over to you" in told.text
    assert ">routes are next" in told.text
    assert "*Handed over* to <@U0BEN>" in scene.shown(ResourceKind.CARD).text
    scene.run()
    assert scene.ts(ResourceKind.HANDOVER, entry) not in scene.workspace.edits


def test_a_bookmark_follows_its_hub_and_leaves_those_of_people(scene: Scene) -> None:
    options = ReportOptions(hub_urls={"a": "https://a.example", "b": "https://b.example"})
    scene.save(hubs=("a", "b"), report_options=options)
    scene.run()
    assert scene.workspace.bookmarks == {"a": "https://a.example", "b": "https://b.example"}
    scene.workspace.bookmarks["b"] = "https://people.example"
    scene.save(hubs=())
    scene.run()
    assert scene.workspace.bookmarks == {"b": "https://people.example"}
    scene.save(hubs=("a",))
    scene.run()
    assert scene.workspace.bookmarks["a"] == "https://a.example"
