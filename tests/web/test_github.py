"""GitHub's webhook: signed, forged, repeated, out of order, unreadable and too large."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.services.item_follow import Hint
from bot.web.github import GITHUB_WEBHOOK, github_route
from bot.web.limits import MOST_BYTES
from bot.web.server import Server

SECRET = "the-webhooks-secret-of-the-tests"
ISSUE = {
    "action": "closed",
    "issue": {"number": 7},
    "repository": {"full_name": "practice/incidents"},
}


class Told:
    """What was told, of which only issue 7 is an action item's."""

    def __init__(self) -> None:
        self.hints: list[Hint] = []
        self.fails = False

    def __call__(self, hint: Hint) -> bool:
        if self.fails:
            raise OSError("the database is away")
        self.hints.append(hint)
        return hint.number == 7


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Server, Told]]:
    told = Told()
    server = Server([github_route(told, SECRET)], host="127.0.0.1", port=0)
    server.start()
    yield server, told
    server.stop()


@pytest.fixture
def told(served: tuple[Server, Told]) -> Told:
    served[1].hints.clear()
    served[1].fails = False
    return served[1]


def send(
    server: Server,
    body: bytes,
    *,
    secret: str = SECRET,
    event: str = "issues",
    kind: str = "application/json",
    **headers: str,
) -> int:
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent = {
        "Content-Type": kind,
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "1",
        "X-Hub-Signature-256": f"sha256={signed}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    url = f"http://127.0.0.1:{server.port}{GITHUB_WEBHOOK}"
    return httpx.post(url, content=body, headers=sent, timeout=10).status_code


def delivery(**values: Any) -> bytes:
    return json.dumps({**ISSUE, **values}).encode()


def test_a_signed_delivery_is_committed_before_it_is_answered(
    served: tuple[Server, Told], told: Told
) -> None:
    assert send(served[0], delivery()) == 202
    assert told.hints == [Hint(repository="practice/incidents", number=7)]
    assert send(served[0], delivery(issue={"number": 8})) == 204
    pull = delivery(pull_request={"number": 7})
    assert send(served[0], pull, event="pull_request") == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Hub_Signature_256": ""},
        {"X_Hub_Signature_256": "sha256="},
        {"X_Hub_Signature_256": "sha256=" + "0" * 64},
        {"X_Hub_Signature_256": "sha1=" + "0" * 40},
    ],
)
def test_what_github_did_not_sign_is_refused_before_it_is_parsed(
    served: tuple[Server, Told], told: Told, headers: dict[str, str]
) -> None:
    for body in (delivery(), b"{", b"[" * 100_000):
        assert send(served[0], body, **headers) == 401
    assert send(served[0], delivery(), secret="another") == 401
    assert not told.hints


def test_a_signature_of_another_body_is_refused(served: tuple[Server, Told], told: Told) -> None:
    signed = hmac.new(SECRET.encode(), delivery(), hashlib.sha256).hexdigest()
    body = delivery(issue={"number": 9})
    assert send(served[0], body, X_Hub_Signature_256=f"sha256={signed}") == 401
    assert not told.hints


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"null",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        delivery(issue=None),
        delivery(issue={"number": "7"}),
        delivery(repository={}),
        delivery(repository={"full_name": "x" * 200}),
    ],
)
def test_what_is_signed_and_cannot_be_read_changes_nothing(
    served: tuple[Server, Told], told: Told, body: bytes
) -> None:
    assert send(served[0], body) == 400
    assert not told.hints


def test_other_events_and_other_types_change_nothing(
    served: tuple[Server, Told], told: Told
) -> None:
    for event in ("ping", "push", "issue_comment", ""):
        assert send(served[0], delivery(), event=event) == 204
    kind = "application/x-www-form-urlencoded"
    assert send(served[0], b"payload=%7B%7D", kind=kind) == 415
    assert not told.hints


def test_a_delivery_that_is_too_large_is_not_read(served: tuple[Server, Told], told: Told) -> None:
    assert send(served[0], b" " * (MOST_BYTES + 1)) == 413
    assert not told.hints


def test_github_is_told_that_a_delivery_was_not_stored(
    served: tuple[Server, Told], told: Told
) -> None:
    told.fails = True
    assert send(served[0], delivery()) == 503


def test_what_a_delivery_says_of_the_state_is_not_believed(
    served: tuple[Server, Told], told: Told
) -> None:
    """So it doesn't matter in which order they come, or how often."""
    for action in ("closed", "reopened", "closed", "closed"):
        assert send(served[0], delivery(action=action)) == 202
    assert set(told.hints) == {Hint(repository="practice/incidents", number=7)}
