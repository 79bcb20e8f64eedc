"""The practice Slack: builds, starts and stops its parts, and records what happens."""

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from sandbox.clock import SandboxClock
from sandbox.fault_board import FaultBoard, Trouble
from sandbox.fault_proxy import FaultProxy
from sandbox.outages import Outage
from sandbox.own_words import System
from sandbox.rules import Faults
from sandbox.server import Server, page_routes
from sandbox.slack import snapshot
from sandbox.slack.behaviour import Behaviour
from sandbox.slack.channels import Channels
from sandbox.slack.deliveries import Delivered, Outbox, recent
from sandbox.slack.events import Events
from sandbox.slack.fault_buttons import conditions, fault_buttons
from sandbox.slack.http_mode import HttpMode
from sandbox.slack.inspector_api import InspectorApi
from sandbox.slack.interactions import Interactions
from sandbox.slack.local_only import LocalOnly
from sandbox.slack.manifest import read_manifest
from sandbox.slack.modals import Modals
from sandbox.slack.page_api import Extras, HubsReader, PageApi, ReportsReader
from sandbox.slack.person import Person
from sandbox.slack.posts import Draft, Posts
from sandbox.slack.response_urls import ResponseUrls
from sandbox.slack.seed import new_workspace
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.values import Call, Clock, Json, new_id, now_utc
from sandbox.slack.web_api.context import Context
from sandbox.slack.web_api.endpoint import WebApi
from sandbox.slack.web_api.files import upload_route
from sandbox.slack.workspace import Channel, User, UserGroup
from sandbox.traffic import Traffic

_PAGE = Path(__file__).resolve().parent.parent / "page"


class SlackSandbox(Behaviour):
    """A Slack workspace on 127.0.0.1 for one app.

    port: 0 picks a free one. clock: dates messages and answers; ages of triggers and sockets use real time.
    state_file: saves the workspace for a restart; None disables. manifest: the app's manifest in
    Slack's form, already parsed. team_id, bot_user_id and the secrets are those of the workspace.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Clock = now_utc,
        state_file: Path | None = None,
        manifest: Mapping[str, Any],
    ) -> None:
        listed = read_manifest(manifest)
        kept = snapshot.read(state_file, clock) if state_file is not None else None
        self._workspace = workspace = kept or new_workspace(listed, clock)
        self.team_id = workspace.team_id
        self.bot_user_id = workspace.app.user_id
        self.bot_token = workspace.app.bot_token
        self.app_token = workspace.app.app_token
        self.signing_secret = workspace.app.signing_secret
        self._saver = snapshot.Saver(workspace, state_file) if state_file is not None else None
        self.rules = Faults()
        self.traffic = Traffic(clock=clock)
        self._server = Server(port)
        self._extras = Extras()
        socket = SocketMode(workspace, self.traffic)
        outbox = Outbox(workspace, self.rules, self.traffic, socket)
        events = Events(workspace, listed, outbox)
        posts = Posts(workspace, events)
        modals = Modals(workspace)
        urls = ResponseUrls(workspace, posts)
        self._parts = parts = Context(
            workspace=workspace,
            manifest=listed,
            outbox=outbox,
            socket=socket,
            events=events,
            posts=posts,
            channels=Channels(workspace, events, posts),
            modals=modals,
            urls=urls,
            interactions=Interactions(workspace, listed, outbox, modals, urls),
            scopes=set(listed.scopes),
        )
        self._web_api = WebApi(parts, self.rules, self.traffic, self._server.connections.cut)
        self.board = FaultBoard()
        self.board.attach(
            System.SLACK, self.rules, fault_buttons(self), conditions=lambda: conditions(self)
        )
        self._page_api = PageApi(parts, outbox, self._extras)
        workspace.listeners.append(self._on_change)

    # Lifecycle.

    def start(self) -> Self:
        """Start serving; returns when the server answers."""
        url = self._server.url
        self._parts.url = url
        self._parts.posts.files_url = f"{url}_sandbox/files/"
        self._parts.urls.base = f"{url}response/"
        # The Web API dates its answers by the sandbox's clock.
        self._server.start(self._application(), date_header=False)
        self._parts.outbox.attach(self._server.loop)
        return self

    def stop(self) -> None:
        """Close the app's sockets, stop serving, and save the workspace."""
        self.rules.let_go()
        if self._server.loop is not None:
            self.disconnect("refresh_requested")
        self._parts.outbox.attach(None)
        self._server.stop()
        if self._saver is not None:
            self._saver.stop()

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/{method}", self._web_api.serve, methods=["GET", "POST"]),
                upload_route(self._workspace),
                Route("/response/{key}", self._web_api.serve_url, methods=["POST"]),
                WebSocketRoute("/socket", self._parts.socket.serve),
                *self._page_api.routes(),
                *InspectorApi(self.traffic, self.board).routes(),
                *page_routes(_PAGE),
            ],
            middleware=[Middleware(LocalOnly)],
        )

    def _on_change(self, version: int) -> None:
        self._server.soon(self._page_api.changed)
        if self._saver is not None:
            self._saver.changed()

    # Addresses and secrets.

    @property
    def url(self) -> str:
        """The page's address."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """The Web API's address, for slack_sdk's `base_url`."""
        return f"{self._server.url}api/"

    # Settings.

    def set_request_url(self, url: str | None) -> None:
        """Deliver by signed HTTP requests to `url` from now on; None returns to Socket Mode."""
        self._parts.outbox.http = HttpMode(url, self.signing_secret) if url is not None else None
        self._workspace.touch()

    def register_hubs(self, read: HubsReader) -> None:
        """Back GET /_sandbox/hubs with this reader."""
        self._extras.hubs = read

    def register_outages(self, outages: Sequence[Outage]) -> None:
        """Offer these outages on the page."""
        self._extras.outages = list(outages)

    def register_faults(self, proxy: FaultProxy, troubles: Sequence[Trouble]) -> None:
        """Show another system's proxy traffic on the page, with its faults."""
        proxy.traffic = self.traffic
        self.board.attach(proxy.system, proxy.rules, troubles)

    def register_clock(self, clock: SandboxClock) -> None:
        """Let the page move this clock, which dates the messages."""
        self._extras.clock = clock

    def register_reports(self, read: ReportsReader) -> None:
        """Back GET /_sandbox/reports with this reader."""
        self._extras.reports = read

    # People.

    def person(self, name_or_id: str) -> Person:
        """A person by name or id. Raises KeyError when there is none."""
        with self._workspace.lock:
            user = self._workspace.find_user(name_or_id)
        if user is None or user.is_bot:
            raise KeyError(name_or_id)
        return Person(self._parts, user.id)

    def create_team_user(
        self,
        name: str,
        *,
        real_name: str = "",
        tz: str = "UTC",
        guest: bool = False,
        single_channel_guest: bool = False,
        from_another_team: bool = False,
        channels: Sequence[str] = ("general",),
    ) -> Person:
        """Add a person to the workspace and to `channels`, silently.

        `from_another_team`: they are here through Slack Connect, under their own team's id.
        """
        user = User(
            id=new_id("U"),
            name=name,
            real_name=real_name or name.title(),
            tz=tz,
            is_restricted=guest or single_channel_guest,
            is_ultra_restricted=single_channel_guest,
            home_team=new_id("T") if from_another_team else "",
        )
        with self._workspace.edit():
            self._workspace.users[user.id] = user
            for name_or_id in channels:
                self._live(name_or_id).members.append(user.id)
        return Person(self._parts, user.id)

    def alert(self, name_or_id: str, app: str = "Grafana", **content: Any) -> str:
        """Post as another app, with `text`, `blocks` or `attachments`; returns the ts."""
        profile = {"id": "B0ALERTS", "app_id": "A0ALERTS", "name": app}
        draft = Draft(**content, extra={"bot_id": "B0ALERTS", "bot_profile": profile})
        author = User(id="U0ALERTS", name=app.lower(), real_name=app)
        with self._workspace.lock:
            return str(self._parts.posts.post(self._live(name_or_id), author, draft)["ts"])

    def amend(self, name_or_id: str, ts: str, **changes: Any) -> None:
        """Change a message without a mark of an edit, as apps do, and Slack when it adds a preview."""
        with self._workspace.lock:
            channel = self._live(name_or_id)
            self._parts.posts.edit(channel, channel.messages[ts], changes, editor="")

    def share_channel(self, name_or_id: str, shared: bool = True) -> None:
        """Make a channel a Slack Connect one (`is_ext_shared`)."""
        with self._workspace.edit():
            self._live(name_or_id).is_ext_shared = shared

    def _live(self, name_or_id: str) -> Channel:
        channel = self._workspace.find_channel(name_or_id)
        if channel is None:
            raise KeyError(name_or_id)
        return channel

    # Records.

    @property
    def bot_connected(self) -> bool:
        """Whether an app can be reached."""
        return self._parts.outbox.connected

    @property
    def socket_count(self) -> int:
        """How many Socket Mode connections are open."""
        return self._parts.socket.count

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far, oldest first."""
        with self._workspace.lock:
            return list(self._web_api.log)

    @property
    def deliveries(self) -> list[Delivered]:
        """Every finished delivery attempt so far, oldest first."""
        with self._workspace.lock:
            return list(self._parts.outbox.log)

    def channel(self, name_or_id: str) -> Channel:
        """A copy of a channel as it is now. Raises KeyError when there is none."""
        with self._workspace.lock:
            return copy.deepcopy(self._live(name_or_id))

    def channels(self) -> list[Channel]:
        """Copies of all conversations."""
        with self._workspace.lock:
            return copy.deepcopy(list(self._workspace.channels.values()))

    def usergroups(self) -> list[UserGroup]:
        """Copies of all user groups."""
        with self._workspace.lock:
            return copy.deepcopy(list(self._workspace.usergroups.values()))

    def messages(self, name_or_id: str) -> list[Json]:
        """Everything in a channel, ascending: replies, subtypes and metadata included."""
        with self._workspace.lock:
            channel = self._live(name_or_id)
            views = [self._workspace.message_view(channel, m) for m in channel.messages.values()]
            return copy.deepcopy(views)

    def wait_for(
        self, predicate: Callable[[], object], timeout: float = 30.0, *, what: str = ""
    ) -> None:
        """Wait until `predicate` is true. Evaluates it after every change, under the lock.

        It may read the sandbox but must not wait for the app. Raises TimeoutError with a
        summary of recent events.
        """
        with self._workspace.changed:
            if not self._workspace.changed.wait_for(lambda: bool(predicate()), timeout):
                wanted = what or getattr(predicate, "__qualname__", "the condition")
                lately = recent(
                    self._workspace,
                    self._web_api.log,
                    self._parts.outbox.log,
                    self._parts.socket.count,
                )
                raise TimeoutError(f"{wanted} not met in {timeout:g} s\n{lately}")
