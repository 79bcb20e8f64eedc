"""Tokens and answers go to the configured systems only, whatever address an answer or a request names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.adapters.kubernetes import KubernetesCluster
from bot.adapters.slack import SlackChat
from bot.domain.addresses import is_below
from bot.errors import MaydayError
from bot.ports import Post
from tests.support.kube_stub import kubeconfig
from tests.support.stub import Answer, Stub, stub

POST = Post(text="x")


@pytest.fixture
def elsewhere() -> Iterator[Stub]:
    """A server that answers everything and should receive nothing."""
    with stub(lambda _asked: Answer(body={"ok": True, "items": [], "metadata": {}})) as running:
        yield running


@pytest.fixture(params=[301, 302, 307, 308])
def redirecting(request: pytest.FixtureRequest, elsewhere: Stub) -> Iterator[Stub]:
    """A system that redirects everything to the other server."""
    away = Answer(status=request.param, headers={"Location": f"{elsewhere.url}/away"})
    with stub(lambda _asked: away) as running:
        yield running


def chat_at(url: str) -> SlackChat:
    return SlackChat(
        WebClient("xoxb-x", base_url=f"{url}/api/"), clock=lambda: datetime.now(UTC), timeout=3
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda chat, _url: chat.identity(),
        lambda chat, _url: chat.post("C1", POST, effect="e"),
        lambda chat, url: chat.respond(f"{url}/response/1", POST, replace=False),
    ],
    ids=["a read", "a write", "an answer"],
)
def test_slack_is_not_followed(
    redirecting: Stub, elsewhere: Stub, call: Callable[[SlackChat, str], object]
) -> None:
    with suppress(MaydayError):
        assert not call(chat_at(redirecting.url), redirecting.url)
    assert redirecting.asked
    assert elsewhere.asked == []


def test_a_cluster_is_not_followed(redirecting: Stub, elsewhere: Stub, tmp_path: Path) -> None:
    api = KubernetesCluster(
        name="teaching", kubeconfig=kubeconfig(tmp_path, redirecting.url), context="teaching"
    )
    for act in (
        lambda: api.pods("ns", "a=b"),
        lambda: api.delete_pod("ns", "jupyter-ana", "uid"),
        lambda: api.restart_deployment("ns", "proxy", "2026-11-28T04:00:00Z"),
    ):
        with pytest.raises(MaydayError):
            act()
    assert redirecting.asked
    assert elsewhere.asked == []


def test_an_answer_goes_to_slack_only(elsewhere: Stub) -> None:
    """A request that is signed, or a delivery that was stored, may name any address."""
    with stub(lambda _asked: Answer()) as slack:
        chat = chat_at(slack.url.replace("127.0.0.1", "localhost"))
        assert not chat.respond(f"{elsewhere.url}/hook", POST, replace=False)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://hooks.slack.com/commands/T1/2/3", True),
        ("https://slack.com/x", True),
        ("https://HOOKS.slack.com:443/x", True),
        ("http://hooks.slack.com/x", False),
        ("https://hooks.slack.com.example.org/x", False),
        ("https://notslack.com/x", False),
        ("https://example.org/hooks.slack.com", False),
        ("https://slack.com@example.org/x", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://example.org\\.slack.com/x", False),
        ("https://[::1", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_which_addresses_are_slacks(url: str, accepted: bool) -> None:
    assert is_below(url, base="https://slack.com/api/") is accepted
