"""What Slack delivers, received by the product's own socket and Bolt app, and answered as mayday answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from slack_bolt import Ack, BoltRequest, BoltResponse, Respond

from bot.bootstrap import web_client
from bot.errors import MaydayError, RetryLater
from bot.ports import Post
from bot.render import blocks as b
from bot.render import edit_pages
from bot.slack import app as slack_app
from bot.slack import intake
from bot.slack.dispatcher import Dispatcher
from bot.slack.interactions import (
    SHORTCUT_ACTION,
    SHORTCUT_DECLARE,
    SHORTCUT_DECLARE_FROM,
    SHORTCUT_TIMELINE,
)
from bot.slack.matching import containing
from bot.slack.request import Kind, SlackRequest
from bot.slack.socket import Socket
from tests.smoke import samples
from tests.smoke.world import TEST_CHANNEL, Smoke

PRESS, PRESS_LATER = "smoke.press", "smoke.later"
FAILED = "failed"
COMMAND_ANSWER = "mayday's smoke test has received the command."
ANSWER = "mayday's smoke test has received it."
FIELD_ERROR = "This error belongs to the test: press Declare again."


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A delivery: its payload, what mayday reads from it, or why it can't be read."""

    body: Mapping[str, Any]
    kind: Kind | None
    parsed: Any = None
    error: str = ""


class Listener:
    """Keeps every delivery, and answers those that a person waits for.

    ``opened`` has what Slack answered to each form by its callback id, ``answered`` whether Slack accepted
    an answer at the address of a request, by its kind; both have a sentence where Slack refused.
    """

    def __init__(self, smoke: Smoke, app_token: str) -> None:
        self._smoke = smoke
        self._changed = threading.Condition()
        self.arrivals: list[Arrival] = []
        self.opened: dict[str, str] = {}
        self.answered: dict[str, str] = {}
        self._forms = samples.views(smoke.config, smoke.me.user_id)
        self._pages = samples.pages(smoke.config, smoke.me.user_id)
        app, self._pool = slack_app.build(
            web_client(smoke.config, has_token=False),
            command=smoke.config.slack.command,
            dispatcher=cast("Dispatcher", self),
            identity=smoke.chat.identity,
        )
        dispatch = app.dispatch

        def received(request: BoltRequest) -> BoltResponse:
            """Keep it before Bolt sees it, since Bolt drops the bot's own events."""
            self._keep(request.body)
            return dispatch(request)

        vars(app)["dispatch"] = received
        self.socket = Socket(app, app_token, connected=lambda _gap: None)

    def start(self) -> None:
        """Connect; raises what the product's socket raises."""
        self.socket.start()

    def stop(self) -> None:
        """Disconnect."""
        self.socket.stop()
        self._pool.shutdown(wait=True)

    # What the product's Bolt app calls in place of the dispatcher.

    def take_event(self, body: Mapping[str, Any]) -> None:
        """Nothing: the event is kept already, and Bolt acknowledges it."""

    def serve(self, body: Mapping[str, Any], ack: Ack, respond: Respond) -> None:
        """Acknowledge a request as mayday does, and answer it."""
        request = intake.parse_request(body, team_id=self._smoke.me.team_id)
        match request.kind:
            case Kind.COMMAND:
                ack(text=COMMAND_ANSWER)
                self._open(request, "run")
            case Kind.OPTIONS:
                found = containing(request.text, samples.MANY_HUBS)[: b.MOST_OPTIONS]
                ack(options=[b.option(name, name) for name in found])
            case Kind.FORM if not self._has_error(request):
                ack(response_action="errors", errors={request.form.inputs[0]: FIELD_ERROR})
            case Kind.BUTTON if request.name == PRESS:
                ack()
                self._open(request, "declare")
                me = self._smoke.me.user_id
                self._respond("button", respond, samples.timeline(self._smoke.config, me))
            case Kind.BUTTON if request.name == PRESS_LATER:
                ack()
                self._smoke.chat.open_view(request.trigger, self._pages)
            case Kind.BUTTON if request.name == edit_pages.ACTION_PART:
                ack()
                self._push(request, "annotate_entry", "edit_part")
            case Kind.BUTTON:
                ack()
                self._open(request, "update")
                self._respond("menu", respond, Post(text=ANSWER), replace=True)
            case Kind.SHORTCUT:
                ack()
                names = {
                    SHORTCUT_TIMELINE: "edit_entry",
                    SHORTCUT_ACTION: "action_item",
                    SHORTCUT_DECLARE: "close",
                    SHORTCUT_DECLARE_FROM: "declare",
                }
                self._open(request, names[request.name])
                if request.channel:
                    self._respond("shortcut", respond, Post(text=ANSWER))
            case _:
                ack()

    def _has_error(self, request: SlackRequest) -> bool:
        """Whether this form was submitted before, or isn't the one that shows an error first."""
        before = [a for a in self.requests(Kind.FORM) if a.parsed.form.id == request.form.id]
        return request.name != "declare" or len(before) > 1

    def _open(self, request: SlackRequest, name: str) -> None:
        with self._noting(self.opened, name) as note:
            view_id = self._smoke.chat.open_view(request.trigger, self._forms[name])
            if name == "run":
                self._smoke.chat.update_view(view_id, self._forms[name], hash_="")
            note(view_id)

    def _push(self, request: SlackRequest, name: str, then: str) -> None:
        """Open a form above the one in which a button was pressed, then show another one in its place."""
        with self._noting(self.opened, name) as note:
            view_id = self._smoke.chat.push_view(request.trigger, self._forms[name])
            note(view_id)
        with self._noting(self.opened, then) as note:
            self._smoke.chat.update_view(self.opened[name], self._forms[then], hash_="")
            note(self.opened[name])

    def _respond(self, name: str, respond: Respond, post: Post, *, replace: bool = False) -> None:
        with self._noting(self.answered, name) as note:
            url = respond.response_url or ""
            if not url:
                note("the payload has no response_url")
            elif self._smoke.chat.respond(url, post, replace=replace):
                note("accepted")
            else:
                note("refused by Slack")

    def _noting(self, where: dict[str, str], name: str) -> _Noting:
        return _Noting(where, name, self._changed)

    # What the rows ask.

    def _keep(self, body: Mapping[str, Any]) -> None:
        kind, parsed, error = intake.kind_of(body), None, ""
        try:
            parsed = intake.parse(body, team_id=self._smoke.me.team_id)
        except Exception as exc:  # noqa: BLE001 - whatever the product raises is what the row shows
            error = f"{type(exc).__name__}: {exc}"
        with self._changed:
            if isinstance(parsed, SlackRequest) and not self._smoke.user and self._is_here(parsed):
                self._smoke.user = parsed.user
            self.arrivals.append(Arrival(body=body, kind=kind, parsed=parsed, error=error))
            self._changed.notify_all()

    def _is_here(self, request: SlackRequest) -> bool:
        channel = self._smoke.made.get(TEST_CHANNEL)
        return channel is not None and request.channel == channel.id

    def requests(self, kind: Kind) -> list[Arrival]:
        """The requests of this kind that mayday could read."""
        return [a for a in list(self.arrivals) if a.kind is kind and not a.error]

    def acts(self) -> int:
        """How many deliveries there were, without those about the bot's own messages."""
        me = self._smoke.me.user_id
        return sum((a.body.get("event") or {}).get("user") != me for a in list(self.arrivals))

    def wait(self, found: Callable[[], Any], seconds: float) -> tuple[Any, float]:
        """What ``found`` returns once it is true, or at the end of the time, and the seconds that it took."""
        began = time.monotonic()
        with self._changed:
            result = self._changed.wait_for(found, seconds)
        return result, time.monotonic() - began

    def first(self, matches: Callable[[Arrival], bool]) -> Arrival | None:
        """The first delivery that matches."""
        return next((each for each in list(self.arrivals) if matches(each)), None)


class _Noting:
    """Notes what a call returned, or why it failed, and wakes who waits."""

    def __init__(self, where: dict[str, str], name: str, changed: threading.Condition) -> None:
        self._where, self._name, self._changed = where, name, changed

    def __enter__(self) -> Callable[[str], None]:
        return self._note

    def _note(self, text: str) -> None:
        with self._changed:
            self._where[self._name] = text
            self._changed.notify_all()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, RetryLater):
            self._note(f"{FAILED}: {error}")
        elif isinstance(error, MaydayError):
            self._note(f"refused ({getattr(error, 'code', '')}): {error}")
        return isinstance(error, MaydayError)
