"""The outcome of each faulty answer at each adapter: done, wait, perhaps done, or not theirs.

tests/faults tests the whole bot with these outcomes only, not every answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient

from bot.adapters.kubernetes import KubernetesCluster
from bot.adapters.slack import SlackChat
from bot.errors import RetryLater, UserError
from bot.ports import Origin
from sandbox.fault_proxy import FaultProxy
from sandbox.own_words import System
from sandbox.rules import Breakable, on_call, on_request
from sandbox.slack import SlackSandbox
from tests.support.app_manifest import APP_MANIFEST
from tests.support.faults import CALLS
from tests.support.forge import Practice, practice
from tests.support.hub_stub import hub_at, page, user
from tests.support.kube_stub import kubeconfig, pod
from tests.support.stub import Answer, Asked, stub

LIMIT = 2
"""The limit of each request in seconds; the slow answer takes a quarter of it."""

GARBLED = ("HTML", "cut short", "empty", "another shape")
LOST = ("503 before", "500 after", "dropped before", "dropped after", "no answer before")


class Outcome(Enum):
    """What the caller learns."""

    DONE = "done"
    ASKED_TO_WAIT = "not done, retry later"
    PERHAPS_DONE = "perhaps done, retry later"
    NOT_THEIRS = "refused: not this system's answer"


DONE, ASKED_TO_WAIT, PERHAPS_DONE, NOT_THEIRS = Outcome

USUAL = dict.fromkeys(CALLS, PERHAPS_DONE) | {"slow": DONE, "429": ASKED_TO_WAIT}
EXPECTED: dict[str, dict[str, Outcome]] = {
    "Slack, reading": USUAL,
    "Slack, writing": USUAL,
    "hub, reading": USUAL | dict.fromkeys(GARBLED, NOT_THEIRS),
    # The adapter reads only the status of these answers.
    "hub, stopping": USUAL | dict.fromkeys(GARBLED, DONE),
    "hub, resync": USUAL | dict.fromkeys(GARBLED, DONE),
    "cluster, reading": USUAL | dict.fromkeys(GARBLED, NOT_THEIRS),
    "cluster, deleting": USUAL,
    # The client retries reads but not writes.
    "GitHub, reading": USUAL
    | dict.fromkeys((*LOST, "no answer after"), DONE)
    | {"HTML": NOT_THEIRS, "another shape": NOT_THEIRS}
    | {"cut short": ASKED_TO_WAIT, "empty": ASKED_TO_WAIT},
    "GitHub, writing": USUAL | {"HTML": DONE, "empty": DONE, "another shape": DONE},
}


@dataclass(frozen=True, kw_only=True)
class Verb:
    """A verb of an adapter, and its request."""

    system: Breakable
    method: str
    call: Callable[[], object]
    count: Callable[[], int]
    """Number of requests sent."""


@pytest.fixture(scope="module")
def verbs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Verb]]:
    """The verbs, each on a breakable system."""
    with ExitStack() as stack:
        directory = tmp_path_factory.mktemp("faults")
        yield {**_hub(stack), **_cluster(stack, directory), **_slack(stack)}


@pytest.fixture(scope="module")
def github_verbs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Verb]]:
    """GitHub's verbs; its practice version needs node."""
    with practice(tmp_path_factory.mktemp("github"), timeout=LIMIT) as running:
        yield _github(running)


def _proxied(
    stack: ExitStack, answer: Callable[[Asked], Answer], system: System
) -> tuple[FaultProxy, Callable[[str], Callable[[], int]]]:
    running = stack.enter_context(stub(answer))
    port = urlsplit(running.url).port
    assert port
    proxy = stack.enter_context(FaultProxy(("127.0.0.1", port), system=system))
    return proxy, lambda method: lambda: proxy.count(method)


def _hub(stack: ExitStack) -> dict[str, Verb]:
    def answer(asked: Asked) -> Answer:
        if asked.method != "GET":
            return Answer(status=204)
        return Answer(body=user("ana")) if asked.path.endswith("/ana") else page([user("ana")])

    proxy, sent = _proxied(stack, answer, System.HUB)
    hub = stack.enter_context(hub_at(proxy.url, timeout=LIMIT))
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        "hub, reading": ("GET", hub.servers),
        "hub, stopping": ("DELETE", lambda: hub.stop_server("ana", "")),
        "hub, resync": ("POST", hub.resync_routes),
    }
    return {
        name: Verb(system=proxy, method=method, call=call, count=sent(method))
        for name, (method, call) in calls.items()
    }


def _cluster(stack: ExitStack, directory: Path) -> dict[str, Verb]:
    def answer(asked: Asked) -> Answer:
        listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [pod("p")]}
        return Answer(body=listed if asked.path.endswith("/pods") else pod("p"))

    proxy, sent = _proxied(stack, answer, System.CLUSTER)
    api = KubernetesCluster(
        name="teaching",
        kubeconfig=kubeconfig(directory, proxy.url),
        context="teaching",
        server=proxy.url,
        timeout=LIMIT,
    )
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        "cluster, reading": ("GET", lambda: api.pods("ns", "")),
        "cluster, deleting": ("DELETE", lambda: api.delete_pod("ns", "p", "uid-p")),
    }
    return {
        name: Verb(system=proxy, method=method, call=call, count=sent(method))
        for name, (method, call) in calls.items()
    }


def _slack(stack: ExitStack) -> dict[str, Verb]:
    slack = stack.enter_context(SlackSandbox(manifest=APP_MANIFEST))
    chat = SlackChat(WebClient(token=slack.bot_token, base_url=slack.api_url), timeout=LIMIT)
    (general,) = (c.id for c in slack.channels() if c.name == "general")
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        "Slack, reading": ("conversations.info", lambda: chat.channel(general)),
        "Slack, writing": ("conversations.setTopic", lambda: chat.set_topic(general, "x")),
    }

    def sent(method: str) -> Callable[[], int]:
        return lambda: sum(call.method == method for call in slack.calls)

    return {
        name: Verb(system=slack, method=method, call=call, count=sent(method))
        for name, (method, call) in calls.items()
    }


def _github(github: Practice) -> dict[str, Verb]:
    sandbox, forge = github.sandbox, github.forge

    def file() -> object:
        return forge.open_issue("T", "b", origin=Origin(incident="i1"), labels=[], assignees=[])

    return {
        "GitHub, reading": Verb(
            system=sandbox,
            method="GET",
            call=forge.check,
            count=lambda: sandbox.proxy.count("GET"),
        ),
        "GitHub, writing": Verb(
            system=sandbox,
            method="POST",
            call=file,
            count=lambda: sandbox.proxy.count("POST"),
        ),
    }


@pytest.mark.parametrize("fault", CALLS)
@pytest.mark.parametrize("name", EXPECTED)
def test_each_fault_at_each_adapter(request: pytest.FixtureRequest, name: str, fault: str) -> None:
    of = "github_verbs" if name.startswith("GitHub") else "verbs"
    verb: Verb = request.getfixturevalue(of)[name]
    on = on_call(verb.method, CALLS[fault], times=1)
    if not name.startswith("Slack"):
        on = on_request(verb.method, "/", CALLS[fault], times=1)
    verb.system.faults = [on]
    before = verb.count()
    began = time.monotonic()
    try:
        outcome = _outcome(verb.call)
    finally:
        verb.system.faults = []
    assert time.monotonic() - began < LIMIT + 3
    assert outcome is EXPECTED[name][fault]
    if not name.endswith("reading"):
        assert verb.count() == before + 1, "a write is never sent again by the adapter"


def _outcome(call: Callable[[], object]) -> Outcome:
    try:
        call()
    except RetryLater as error:
        assert error.after > 0
        assert "Traceback" not in str(error)
        return PERHAPS_DONE if error.maybe_done else ASKED_TO_WAIT
    except UserError as error:
        assert error.code
        return NOT_THEIRS
    return DONE
