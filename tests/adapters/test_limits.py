"""Every call ends within its limit, and nothing is sent after the deadline of an attempt."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from slack_sdk import WebClient

from bot import deadline
from bot.adapters.bounded import THREAD_NAME
from bot.adapters.github import GitHubForge, credentials
from bot.adapters.kubernetes import KubernetesCluster
from bot.adapters.slack import SlackChat
from bot.errors import RetryLater
from bot.ports import Origin, Post
from tests.support.hub_stub import hub_at, page, user
from tests.support.kube_stub import kubeconfig, pod, pods
from tests.support.stub import Answer, Asked, Stub, stub

LIMIT = 1.5
SLACK_READS = ("/auth.test", "/conversations.history", "/conversations.info")
POST = Post(text="x")
ORIGIN = Origin(incident="i1")

Drip = Literal["", "header", "body"]
Verb = Callable[[str, Path], Callable[[], object]]


def _slack(url: str, _directory: Path) -> SlackChat:
    return SlackChat(WebClient("xoxb-x", base_url=f"{url}/"), timeout=LIMIT)


def _github(url: str, _directory: Path) -> GitHubForge:
    return GitHubForge(
        auth=credentials(token="t"),
        repository="org/incidents",
        api_url=url,
        seconds_between_requests=0,
        seconds_between_writes=0,
        timeout=LIMIT,
        backoff=0,
    )


def _cluster(url: str, directory: Path) -> KubernetesCluster:
    return KubernetesCluster(
        name="teaching",
        kubeconfig=kubeconfig(directory, url),
        context="teaching",
        server=url,
        timeout=LIMIT,
    )


@contextmanager
def _calls(url: str, directory: Path) -> Iterator[dict[str, Callable[[], object]]]:
    """A call of each kind at each adapter."""
    chat, forge, cluster = _slack(url, directory), _github(url, directory), _cluster(url, directory)
    with hub_at(url, timeout=LIMIT) as hub:
        yield {
            "Slack, reading": lambda: chat.channel("C0123456"),
            "Slack, posting": lambda: chat.post("C0123456", POST, effect="e"),
            "Slack, opening": lambda: chat.open_channel("inc", private=False),
            "Slack, answering": lambda: chat.respond(f"{url}/response/1", POST, replace=False),
            "hub, reading": hub.servers,
            "hub, stopping": lambda: hub.stop_server("ana", ""),
            "cluster, reading": lambda: cluster.pods("ns", ""),
            "cluster, deleting": lambda: cluster.delete_pod("ns", "p", "uid-p"),
            "GitHub, reading": forge.check,
            "GitHub, filing": lambda: forge.open_issue(
                "T", "b", origin=ORIGIN, labels=[], assignees=[]
            ),
        }
    forge.close()


WRITES = (
    "Slack, posting",
    "Slack, opening",
    "Slack, answering",
    "hub, stopping",
    "cluster, deleting",
    "GitHub, filing",
)
READS = ("Slack, reading", "hub, reading", "cluster, reading", "GitHub, reading")


def _reads(asked: Asked) -> bool:
    return asked.method == "GET" or asked.path in SLACK_READS


def _healthy(asked: Asked) -> Answer:
    """What each system answers to its reads."""
    if asked.path.startswith("/repos"):
        body = {"full_name": "org/incidents", "url": "/repos/org/incidents", "has_issues": True}
        return Answer(body=body)
    if asked.path == "/conversations.info":
        return Answer(body={"ok": True, "channel": {"id": "C0123456"}})
    if asked.path.startswith("/hub"):
        return Answer(body=user("ana")) if asked.path.endswith("/ana") else page([user("ana")])
    return pods(pod())


@dataclass(frozen=True, kw_only=True)
class Rig:
    """The calls, and the server that they reach."""

    server: Stub
    calls: dict[str, Callable[[], object]]

    def writes(self) -> list[str]:
        """The requests that create or change something."""
        return [asked.path for asked in self.server.asked if not _reads(asked)]


@contextmanager
def rig(directory: Path, name: str, answer: Callable[[Asked], Answer]) -> Iterator[Rig]:
    """The calls against a server with this answer, after the first use of the system of ``name``."""
    now = [_healthy]
    with stub(lambda asked: now[0](asked)) as server, _calls(server.url, directory) as calls:
        calls[f"{name.partition(',')[0]}, reading"]()
        server.asked.clear()
        now[0] = answer
        yield Rig(server=server, calls=calls)


@pytest.mark.parametrize("drip", ["header", "body"])
@pytest.mark.parametrize("name", [*WRITES, *READS])
def test_an_answer_that_drips_ends_at_the_limit(tmp_path: Path, name: str, drip: Drip) -> None:
    """Each byte comes long before a time limit of a single wait."""

    def answer(asked: Asked) -> Answer:
        return _healthy(asked) if name in WRITES and _reads(asked) else Answer(drip=drip)

    with rig(tmp_path, name, answer) as tried:
        began = time.monotonic()
        with pytest.raises(RetryLater) as late:
            tried.calls[name]()
        assert time.monotonic() - began < LIMIT + 1
        if name in WRITES:
            assert late.value.maybe_done
            assert len(tried.writes()) == 1


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_changed_after_the_deadline(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig(tmp_path, name, _healthy) as tried, deadline.within(5):
        real = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: real() + 6)
        with pytest.raises(RetryLater) as late:
            tried.calls[name]()
        assert not late.value.maybe_done
        assert tried.writes() == []


@pytest.mark.parametrize("name", WRITES)
def test_a_request_that_waits_longer_than_its_attempt_is_over(tmp_path: Path, name: str) -> None:
    def answer(asked: Asked) -> Answer:
        return _healthy(asked) if _reads(asked) else Answer(hang=True)

    with rig(tmp_path, name, answer) as tried, deadline.within(0.8):
        began = time.monotonic()
        with pytest.raises(RetryLater) as late:
            tried.calls[name]()
        assert time.monotonic() - began < LIMIT
        assert late.value.maybe_done


@pytest.mark.parametrize("name", READS)
def test_reading_goes_on_after_the_deadline(tmp_path: Path, name: str) -> None:
    """What an attempt may have left is looked for without a deadline."""
    with rig(tmp_path, name, _healthy) as tried, deadline.within(0):
        tried.calls[name]()
        assert tried.server.asked


@pytest.mark.parametrize("name", WRITES)
def test_a_name_that_is_resolved_too_late_sends_nothing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread of the request goes on after the limit, connects, and finds that it is too late."""
    real, given_up = socket.getaddrinfo, threading.Event()

    def resolve(*args: Any, **kwargs: Any) -> Any:
        given_up.wait(30)
        return real(*args, **kwargs)

    with rig(tmp_path, name, _healthy) as tried:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        began = time.monotonic()
        with pytest.raises(RetryLater) as late:
            tried.calls[name]()
        assert time.monotonic() - began < LIMIT + 1
        assert not late.value.maybe_done
        given_up.set()
        for thread in threading.enumerate():
            if thread.name == THREAD_NAME:
                thread.join(30)
        assert tried.writes() == []


CHILD = """
import os, signal, socket, sys, threading
from pathlib import Path
from bot import deadline
from bot.errors import RetryLater
from tests.adapters.test_limits import _calls

url, directory, name, where = sys.argv[1:]
real = socket.socket.connect

def stop():
    # A signal to this thread takes effect before it goes on.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

def stopped(*args):
    result = real(*args)
    stop()
    return result

with _calls(url, Path(directory)) as calls:
    calls[name.partition(",")[0] + ", reading"]()
    with deadline.within(1):
        if where == "before the call":
            stop()
        else:
            socket.socket.connect = stopped
        try:
            calls[name]()
        except RetryLater as late:
            os._exit(3 if late.maybe_done else 0)
os._exit(4)
"""


@pytest.mark.parametrize("where", ["before the call", "at the connection"])
@pytest.mark.parametrize("name", ["Slack, posting", "cluster, deleting"])
def test_a_suspended_process_sends_nothing_when_it_goes_on(
    tmp_path: Path, name: str, where: str
) -> None:
    with stub(_healthy) as server:
        arguments = [sys.executable, "-c", CHILD, server.url, str(tmp_path), name, where]
        child = os.posix_spawn(sys.executable, arguments, os.environ)
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        time.sleep(1.2)  # more than its deadline
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert all(_reads(asked) for asked in server.asked)


def test_a_plugin_counts_within_the_limit(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text("#!/bin/sh\nexec sleep 30\n")
    plugin.chmod(0o700)
    spec = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}
    with stub(_healthy) as server:
        cluster = KubernetesCluster(
            name="teaching",
            kubeconfig=kubeconfig(tmp_path, server.url, {"exec": spec}),
            context="teaching",
            server=server.url,
            timeout=LIMIT,
        )
        began = time.monotonic()
        with pytest.raises(RetryLater, match=r"did not finish within 1\.2 s") as late:
            cluster.delete_pod("ns", "p", "uid-p")
        assert time.monotonic() - began < LIMIT + 1
        assert not late.value.maybe_done
        assert server.asked == []


def test_a_comment_after_the_limit_leaves_an_issue_that_is_looked_for(tmp_path: Path) -> None:
    """The issue exists, so an attempt that ends at its comments is not repeated blindly."""

    def answer(asked: Asked) -> Answer:
        if asked.method == "POST" and asked.path.endswith("/issues"):
            url = "/repos/org/incidents/issues/1"
            return Answer(status=201, body={"number": 1, "url": url, "comments": 1})
        if asked.method == "POST":
            return Answer(status=429, headers={"Retry-After": "7"}, body={"message": "wait"})
        return Answer(body=[]) if asked.path.endswith("/comments") else _healthy(asked)

    long = "\n\n".join("x" * 900 for _ in range(100))
    with stub(answer) as server:
        forge = _github(server.url, tmp_path)
        with pytest.raises(RetryLater) as late:
            forge.open_issue("T", long, origin=ORIGIN, labels=[], assignees=[])
        forge.close()
    assert late.value.maybe_done
    assert late.value.after == 7
