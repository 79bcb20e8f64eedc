"""Deliveries that Slack didn't send, or sent before: refused, or without a second effect.

Each kind of delivery is made by a person in the practice Slack, caught on its way, and sent by signed HTTP.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from bot.bootstrap import Bot
from bot.render.card import ACTION_COMMAND
from bot.slack.interactions import SHORTCUT_DECLARE, SHORTCUT_TIMELINE
from bot.store.tables import entry, incident, message, tag
from sandbox.slack import Direction, Fault, Passage, PersonError, SlackSandbox
from tests.support.bot import Scene

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MINUTE = 60.0
SAID = "the proxy is back"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A delivery as HTTP carries it."""

    body: bytes
    content_type: str


def encoded(payload: Mapping[str, Any]) -> Sent:
    """A payload as Slack encodes it."""
    if "command" in payload:
        return Sent(body=urlencode(payload).encode(), content_type=FORM)
    text = json.dumps(payload)
    if payload["type"] in ("event_callback", "url_verification"):
        return Sent(body=text.encode(), content_type=JSON)
    return Sent(body=urlencode({"payload": text}).encode(), content_type=FORM)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Slack's signature."""
    return (
        "v0="
        + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    )


class Post:
    """Sends deliveries to mayday, signed at a time by a secret."""

    def __init__(self, bot: Bot, secret: str) -> None:
        assert bot.http is not None
        self._url = f"http://127.0.0.1:{bot.http.port}/slack/events"
        self.secret = secret

    def __call__(
        self, sent: Sent, *, secret: str = "", age: float = 0.0, **headers: str | None
    ) -> httpx.Response:
        """Send it; ``headers`` replace Slack's, or leave one out."""
        stamp = str(int(time.time() - age))
        given = {
            "content-type": sent.content_type,
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": signature(secret or self.secret, stamp, sent.body),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return httpx.post(
            self._url,
            content=sent.body,
            headers={n: value.encode("latin-1") for n, value in given.items() if value is not None},
        )


@pytest.fixture
def post(bot: Bot, slack: SlackSandbox) -> Post:
    """Sends by signed HTTP."""
    return Post(bot, slack.signing_secret)


@pytest.fixture
def channel(scene: Scene) -> str:
    """The channel of an incident."""
    return scene.declare().id


def caught(scene: Scene, name: str, act: Callable[[], object], saying: str = "") -> dict[str, Any]:
    """The payload of a person's act, which never arrives.

    ``saying`` stands in it, to tell it from those of what mayday still posts.
    """
    found: list[dict[str, Any]] = []

    def hook(passage: Passage) -> Fault | None:
        if passage.direction is not Direction.DELIVERY or passage.name != name:
            return None
        if saying not in json.dumps(dict(passage.body)):
            return None
        found.append(copy.deepcopy(dict(passage.body)))
        return Fault(times=0)

    scene.slack.faults = [hook]
    with suppress(PersonError):
        act()
    scene.slack.wait_for(lambda: bool(found), what=f"the delivery {name}")
    scene.slack.faults = []
    return found[0]


def command(scene: Scene, channel: str) -> dict[str, Any]:
    return caught(scene, "/incident", lambda: scene.ana.command(channel, f"/incident note {SAID}"))


def event(scene: Scene, channel: str) -> dict[str, Any]:
    return caught(scene, "message", lambda: scene.ana.say(channel, SAID), saying=SAID)


def button(scene: Scene, channel: str) -> dict[str, Any]:
    card = scene.posts(channel, "card")[0]["ts"]
    return caught(scene, "block_actions", lambda: scene.ana.press(channel, card, ACTION_COMMAND))


def form(scene: Scene, _channel: str) -> dict[str, Any]:
    view = scene.ask_to_declare(scene.ben, "The hub is slow")
    return caught(scene, "view_submission", lambda: scene.ben.submit(view["id"], {}))


def message_shortcut(scene: Scene, channel: str) -> dict[str, Any]:
    ts = scene.ana.say(channel, SAID)
    scene.until(lambda: scene.message(channel, ts), "the message")
    return caught(
        scene, "message_action", lambda: scene.ana.shortcut(SHORTCUT_TIMELINE, channel, ts)
    )


def global_shortcut(scene: Scene, _channel: str) -> dict[str, Any]:
    return caught(scene, "shortcut", lambda: scene.ana.shortcut(SHORTCUT_DECLARE))


KINDS = [command, event, button, form, message_shortcut, global_shortcut]


def effects(scene: Scene) -> dict[str, Any]:
    """Everything that one of these deliveries may change."""
    with scene.store.read() as tx:
        texts = tx.execute(select(message.c.text).where(message.c.text == SAID)).all()
        rows = {
            table.name: len(tx.execute(table.select()).all()) for table in (entry, incident, tag)
        }
    return {**rows, "said": len(texts), "views": [scene.ana.views(), scene.ben.views()]}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def genuine(request: pytest.FixtureRequest, scene: Scene, channel: str) -> Iterator[dict[str, Any]]:
    """A delivery of each kind, which has not arrived."""
    scene.ana.close_view  # noqa: B018
    return request.param(scene, channel)


def forgeries(sent: Sent, post: Post) -> dict[str, tuple[Sent, dict[str, Any]]]:
    """Each way in which a request can pretend to be Slack's."""
    other = Sent(body=sent.body + b" ", content_type=sent.content_type)
    stamp = str(int(time.time()))
    return {
        "unsigned": (sent, {"x_slack_signature": None, "x_slack_request_timestamp": None}),
        "no time": (sent, {"x_slack_request_timestamp": None}),
        "no signature": (sent, {"x_slack_signature": None}),
        "another secret": (sent, {"secret": "another"}),
        "an old time": (sent, {"age": 6 * MINUTE}),
        "a time to come": (sent, {"age": -6 * MINUTE}),
        "a time that is none": (sent, {"x_slack_request_timestamp": "now"}),
        "an empty signature": (sent, {"x_slack_signature": ""}),
        "a signature that is no text": (sent, {"x_slack_signature": "v0=\xe9"}),
        "another time than the signed one": (
            sent,
            {"x_slack_request_timestamp": str(int(stamp) - 5)},
        ),
        "another body than the signed one": (
            other,
            {"x_slack_signature": signature(post.secret, stamp, sent.body)},
        ),
    }


def test_what_slack_did_not_sign_is_refused_and_changes_nothing(
    scene: Scene, post: Post, genuine: dict[str, Any]
) -> None:
    before, sent = effects(scene), encoded(genuine)
    for how, (forged, options) in forgeries(sent, post).items():
        answer = post(forged, **options)
        assert (how, answer.status_code, answer.text) == (how, 401, "")
    assert effects(scene) == before


def test_a_delivery_is_taken_once_however_often_it_is_sent(
    scene: Scene, post: Post, channel: str, genuine: dict[str, Any]
) -> None:
    """Four minutes old, as Slack's retries may be, and again."""
    before, sent = effects(scene), encoded(genuine)
    assert post(sent, age=4 * MINUTE).status_code == 200
    scene.until(lambda: effects(scene) != before, "the effect")
    after = effects(scene)
    for _ in range(3):
        assert post(sent).status_code == 200
    time_for_others = scene.ana.say(channel, "an event that is processed after them")
    scene.until(lambda: scene.message(channel, time_for_others), "a later event")
    assert effects(scene) == after


@pytest.mark.parametrize("field", ["api_app_id", "team"])
def test_a_delivery_for_another_app_or_workspace_is_refused(
    scene: Scene, post: Post, genuine: dict[str, Any], field: str
) -> None:
    """Signed by the right secret."""
    ours = {"api_app_id": genuine["api_app_id"], "team": scene.slack.team_id}[field]
    theirs = ours[0] + "0" + "X" * (len(ours) - 2)
    before = effects(scene)
    text = json.dumps(genuine).replace(f'"{ours}"', f'"{theirs}"')
    assert post(encoded(json.loads(text))).status_code == 403
    assert effects(scene) == before


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"type": "event_callback"', JSON, 400),
        (b"[1, 2]", JSON, 400),
        (b"7", JSON, 400),
        (b"\xff\xfe", JSON, 401),
        (b"payload=%7B%22type", FORM, 400),
        (b'{"type": "event_callback"}', "text/plain", 415),
        (b'{"type": "event_callback"}', "", 415),
        (b"<xml/>", "application/xml", 415),
        (b"", JSON, 403),
        (b"{}", JSON, 403),
        (b"command=%2Fincident", FORM, 403),
        (b'{"type": "event_callback", "team_id": "T0"}', JSON, 403),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_told(
    scene: Scene, post: Post, channel: str, body: bytes, content_type: str, status: int
) -> None:
    """Signed by the right secret."""
    before = effects(scene)
    answer = post(Sent(body=body, content_type=content_type))
    assert (answer.status_code, answer.text) == (status, "")
    assert effects(scene) == before


def test_the_address_is_verified_only_for_slack(post: Post) -> None:
    sent = encoded({"type": "url_verification", "challenge": "c0ffee", "token": "x"})
    assert post(sent).json() == {"challenge": "c0ffee"}
    assert post(sent, secret="another").status_code == 401
