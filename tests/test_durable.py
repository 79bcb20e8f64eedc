"""Durable work: atomic with our rows, once per key, in lanes, and resumed after kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.durable import DurableWork
from bot.store.engine import Store
from tests.support.durable import ended, enqueue, workflows, working
from tests.support.forkserver import ROOT
from tests.support.waiting import wait_until


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    made.migrate()
    with made.write() as tx:
        tx.execute(text("CREATE TABLE scribble (word TEXT)"))
    yield made
    made.close()


def test_it_starts_when_our_rows_commit(store: Store) -> None:
    ran: list[str] = []
    with working(store, note=ran.append) as work:
        with store.write() as tx:
            tx.execute(text("INSERT INTO scribble VALUES ('kept')"))
            work.enqueue(tx, "note", key="k1", partition_key="a", args=["kept"])
            assert ran == []
        wait_until(lambda: ran == ["kept"], "the workflow")


def test_it_does_not_start_when_they_do_not(store: Store) -> None:
    ran: list[str] = []
    with working(store, note=ran.append) as work:
        with pytest.raises(RuntimeError), store.write() as tx:
            tx.execute(text("INSERT INTO scribble VALUES ('lost')"))
            work.enqueue(tx, "note", key="k1", partition_key="a", args=["lost"])
            raise RuntimeError
        enqueue(work, store, "k2", "after")
        wait_until(lambda: "after" in ran, "the later one")
        assert ran == ["after"]
    with store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM scribble")).scalar() == 0


def test_a_key_starts_once(store: Store) -> None:
    ran: list[str] = []
    with working(store, note=ran.append) as work:
        for _ in range(3):
            enqueue(work, store, "k1", "one")
        enqueue(work, store, "k2", "two")
        wait_until(lambda: "two" in ran, "the other key")
        enqueue(work, store, "k1", "one")
        enqueue(work, store, "k3", "three")
        wait_until(lambda: "three" in ran, "the last")
    assert ran == ["one", "two", "three"]


def test_a_lane_runs_one_after_the_other_and_lanes_side_by_side(store: Store) -> None:
    events: list[str] = []
    gate = threading.Event()

    def note(name: str) -> None:
        events.append(f"{name} begins")
        if name == "a1":
            assert gate.wait(20)
        events.append(f"{name} ends")

    with working(store, note=note) as work:
        enqueue(work, store, "a1", "a1", partition_key="a")
        wait_until(lambda: "a1 begins" in events, "the first")
        enqueue(work, store, "a2", "a2", partition_key="a")
        enqueue(work, store, "b1", "b1", partition_key="b")
        wait_until(lambda: "b1 ends" in events, "the other lane")
        assert "a2 begins" not in events
        gate.set()
        wait_until(lambda: "a2 ends" in events, "the lane goes on")
    assert events.index("a1 ends") < events.index("a2 begins")


def test_one_that_fails_blocks_no_lane(store: Store) -> None:
    ran: list[str] = []

    def note(name: str) -> None:
        if name == "bad":
            raise ValueError(name)
        ran.append(name)

    with working(store, note=note) as work:
        enqueue(work, store, "k1", "bad")
        enqueue(work, store, "k2", "good")
        wait_until(lambda: ran == ["good"], "the next in the lane")


def test_what_ended_by_an_error_is_lost_and_what_goes_on_is_not(store: Store) -> None:
    gate = threading.Event()

    def note(name: str) -> None:
        if name == "bad":
            raise ValueError(name)
        assert gate.wait(20)

    with working(store, note=note) as work:
        enqueue(work, store, "bad", "bad", partition_key="a")
        enqueue(work, store, "slow", "slow", partition_key="b")
        wait_until(lambda: work.has_failed("bad"), "the failure is known")
        assert not work.has_failed("slow")
        assert work.has_failed("never asked for")
        gate.set()
        enqueue(work, store, "last", "last", partition_key="b")
        wait_until(lambda: not work.has_failed("last"), "stored")
        assert not work.has_failed("slow")


def died(store: Store, key: str) -> None:
    """Mark an ended workflow as pending, as if the database had missed its end."""
    wait_until(lambda: key in ended(store), "its end is stored")
    with store.write() as tx:
        tx.execute(
            text(f"UPDATE {workflows(store)} SET status = 'PENDING' WHERE workflow_uuid = :key"),
            {"key": key},
        )


def test_what_nobody_runs_any_more_does_not_block_its_lane(store: Store) -> None:
    gate, begun = threading.Event(), threading.Event()
    ran: list[str] = []

    def note(name: str) -> None:
        if name == "slow":
            begun.set()
            assert gate.wait(20)
        ran.append(name)

    with working(store, note=note) as work:
        enqueue(work, store, "dead", "first", partition_key="a")
        wait_until(lambda: ran == ["first"], "the first")
        died(store, "dead")
        enqueue(work, store, "next", "second", partition_key="a")
        enqueue(work, store, "live", "slow", partition_key="b")
        assert begun.wait(20)
        assert work.resume_unrecorded() == [], "one look is not enough: it may be about to begin"
        assert work.resume_unrecorded() == ["dead"]
        wait_until(lambda: "second" in ran, "the next in the lane")
        gate.set()
        wait_until(lambda: ended(store).keys() == {"dead", "next", "live"}, "all ends are stored")
        assert sorted(ran) == ["first", "first", "second", "slow"]
        assert work.resume_unrecorded() == work.resume_unrecorded() == []


def test_what_ended_long_ago_is_forgotten_and_what_goes_on_is_not(store: Store) -> None:
    gate, begun = threading.Event(), threading.Event()

    def note(name: str) -> None:
        if name == "bad":
            raise ValueError(name)
        if name == "slow":
            begun.set()
            assert gate.wait(20)

    with working(store, note=note) as work:
        for name in ("good", "bad", "slow"):
            enqueue(work, store, name, name, partition_key=name)
        enqueue(work, store, "waits", "good", partition_key="slow")
        assert begun.wait(20)
        wait_until(lambda: ended(store) == {"good": "SUCCESS", "bad": "ERROR"}, "both ends")
        assert work.purge(keep_for=timedelta(hours=1)) == 0
        assert work.purge(keep_for=timedelta(0)) == 2
        assert ended(store) == {}
        assert not work.has_failed("slow")
        assert not work.has_failed("waits")
        gate.set()
        wait_until(lambda: ended(store).keys() == {"slow", "waits"}, "they go on")


def test_a_stop_lets_what_is_running_end(store: Store) -> None:
    begun, closing = threading.Event(), threading.Event()
    ran: list[int] = []
    work = DurableWork(store.url, executor="one", poll=0.02)

    def note() -> None:
        begun.set()
        assert closing.wait(20)
        for number in range(30):
            work.step(f"step {number}", ran.append, number)

    work.workflow("note", note)
    work.launch()
    enqueue(work, store, "k1")
    assert begun.wait(20)
    closing.set()
    work.close(timeout=20)
    assert ran == [*range(30)]
    with working(store, note=note):
        wait_until(lambda: ended(store) == {"k1": "SUCCESS"}, "the next start knows it")
    assert ran == [*range(30)]


def test_a_stop_does_not_wait_for_ever(store: Store) -> None:
    gate, begun = threading.Event(), threading.Event()

    def note() -> None:
        begun.set()
        assert gate.wait(20)

    with working(store, note=note) as work:
        enqueue(work, store, "k1")
        assert begun.wait(20)
        work.close(timeout=0.1)
        gate.set()
    assert ended(store) == {}


def test_what_is_asked_for_while_nobody_works_is_done_later(store: Store) -> None:
    ran: list[str] = []
    with working(store) as work:
        enqueue(work, store, "k1", "later")
    with working(store, note=ran.append):
        wait_until(lambda: ran == ["later"], "after the next start")


PROGRAM = """
import os, signal, sys, threading
from bot.durable import DurableWork
from bot.store.engine import Store

url, log, fate = sys.argv[1:]
closed = threading.Event()

def say(word):
    with open(log, "a") as file:
        file.write(word + "\\n")
    return {"said": word}

def act(word):
    say(word)
    if word == "second" and fate == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "second" and fate == "stop":
        closed.wait()
        raise RuntimeError("what it needs is closed")
    return {}

work = DurableWork(url, executor=fate, poll=0.02)

def note():
    for word in ("first", "second", "third"):
        work.step(word, act, word)

work.workflow("note", note)
work.launch()
if fate == "live":
    work.resume(["die", "stop"])
store = Store(url)
with store.write() as tx:
    work.enqueue(tx, "note", key="k1", partition_key="a", args=[])
sys.stdin.readline()
work.close()
store.close()
closed.set()
"""


@dataclass(frozen=True)
class Other:
    """Durable work in a separate process, and its steps' output."""

    store: Store
    log: Path

    def said(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def start(self, fate: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM, self.store.url, str(self.log), fate]
        return subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def goes_on(self) -> None:
        """After a restart, it runs the rest."""
        with self.start("live") as again:
            wait_until(lambda: "third" in self.said(), "the rest", timeout=30)
            again.communicate(timeout=30)
            assert again.returncode == 0


@pytest.fixture
def other(store: Store, tmp_path: Path) -> Other:
    return Other(store, tmp_path / "said")


def test_a_kill_in_a_step_goes_on_at_that_step(other: Other) -> None:
    with other.start("die") as first:
        assert first.wait(30) == -signal.SIGKILL
    assert other.said() == ["first", "second"]
    other.goes_on()
    assert other.said() == ["first", "second", "second", "third"]


def test_a_stop_in_a_step_says_nothing_and_goes_on_at_that_step(other: Other) -> None:
    """Stopping closes what a waiting step uses; its error is expected."""
    with other.start("stop") as first:
        wait_until(lambda: "second" in other.said(), "the step", timeout=30)
        assert first.communicate(timeout=30)[1] == ""
    other.goes_on()
    assert other.said() == ["first", "second", "second", "third"]


def test_what_a_step_returns_is_plain_json(store: Store) -> None:
    seen: list[Any] = []
    told = {"outcome": "retry", "after": 30, "names": ["a", "b"], "none": None}

    work = DurableWork(store.url, executor="one", poll=0.02)
    work.workflow("note", lambda: seen.append(work.step("tell", lambda: told)))
    work.launch()
    try:
        with store.write() as tx:
            work.enqueue(tx, "note", key="k1", partition_key="a", args=[])
        wait_until(lambda: bool(seen), "the step's value")
    finally:
        work.close()
    assert json.loads(json.dumps(seen[0])) == told


def test_nothing_can_be_asked_for_before_it_is_launched(store: Store) -> None:
    work = DurableWork(store.url, executor="one")
    with pytest.raises(RuntimeError, match="launch"), store.write() as tx:
        work.enqueue(tx, "note", key="k1", partition_key="a", args=[])
