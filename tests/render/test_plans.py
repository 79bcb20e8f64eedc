"""Plans in Slack: within limits, safe for any user name, with the place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.evidence import View
from bot.domain.facts import HubFacts
from bot.domain.runs import Outcome, Result
from bot.render import blocks as b
from bot.render.plans import (
    confirm,
    facts_line,
    loss_lines,
    plan_blocks,
    plan_text,
    progress_blocks,
    table,
)
from bot.render.run_progress import RunStepView, own_lines
from bot.render.steps import entry_words, words_of
from bot.runbook import Runbook
from bot.runbook.plan import Plan
from tests.support.books import RUNBOOKS
from tests.support.hubs import (
    NOW,
    evicted,
    facts,
    healthy,
    pod,
    route,
    server,
    stale,
    stuck,
)
from tests.support.plan_texts import (
    CLEAR,
    MOST_IN_ALL,
    NASTY,
    PLACE,
    RESTART,
    RESYNC,
    SITUATIONS,
    clearing,
    crowd,
    nasty,
    texts,
)


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: str(book.name))
@pytest.mark.parametrize("seen", SITUATIONS)
def test_a_plan_fits_slack_and_names_its_place(book: Runbook, seen: HubFacts) -> None:
    plan = book.plan(seen)
    blocks = plan_blocks(plan, book.title, b.button("Run it", action="a"))
    assert len(blocks) <= 50
    shown = texts(blocks)
    assert sum(map(len, shown)) <= MOST_IN_ALL
    assert any(PLACE in text for text in shown)
    assert "teaching / datahub-prod / datahub" in plan_text(plan, book.title)
    assert any(block["type"] == "actions" for block in blocks) == bool(plan.steps)


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: str(book.name))
def test_a_name_can_ping_nobody_and_leave_no_code_block(book: Runbook) -> None:
    plan = book.plan(nasty())
    failed = Result(outcome=Outcome.FAILED, error=NASTY)
    ended = [RunStepView(number=n, result=failed) for n in range(1, len(plan.steps) + 1)]
    together = [replace(step, stage=1) for step in ended]
    blocks = plan_blocks(plan, book.title)
    for steps in (ended, together):
        blocks += progress_blocks(plan, book.title, own_lines(plan, steps))
    everything = "\n".join([*texts(blocks), plan_text(plan, book.title)])
    assert "<!channel>" not in everything
    for text in texts(blocks):
        assert text.count("`") % 2 == 0
        assert text.count("```") in (0, 2)


def test_the_confirmation_names_cluster_namespace_hub_and_loss() -> None:
    plan = CLEAR.plan(stuck())
    dialog = confirm(plan, CLEAR.title)
    assert dialog["style"] == "danger"
    text = dialog["text"]["text"]
    assert text.startswith("Cluster teaching, namespace datahub-prod, hub datahub.")
    assert "4 servers end" in text
    assert len(text) <= 300
    assert len(dialog["title"]["text"]) <= 100
    assert "style" not in confirm(RESYNC.plan(evicted("ana")), RESYNC.title)


def test_the_progress_of_many_steps_that_failed_at_length_fits_slack() -> None:
    plan = clearing(crowd(43))
    failed = Result(outcome=Outcome.FAILED, error="The hub said & and & again. " * 40)
    steps = [RunStepView(number=n, result=failed) for n in range(1, len(plan.steps) + 1)]
    blocks = progress_blocks(plan, CLEAR.title, own_lines(plan, steps))
    assert sum(map(len, texts(blocks))) <= MOST_IN_ALL


def test_who_loses_what() -> None:
    (line,) = loss_lines(CLEAR.plan(stuck()))
    assert line == (
        "4 servers end, with what is not saved: 3 active in the last 10 minutes, the last one "
        "2 minutes ago; activity of 1 unknown (gone, orphan, stop, unsent)."
    )
    (line,) = loss_lines(RESTART.plan(healthy("ana")))
    assert line == (
        "1 connection drops for a moment; the kernel survives: 1 active in the last 10 minutes, "
        "the last one 2 minutes ago (ana)."
    )
    assert loss_lines(RESYNC.plan(evicted("ana"))) == ["Nobody loses anything."]


def test_a_named_server_is_told_by_its_name() -> None:
    """The user may be working in their default server."""
    seen = facts(
        servers=(server("ana"), server("zoe")),
        pods=(pod("ana"), pod("ana", name="lab"), pod("zoe")),
        routes=(route("ana"), route("zoe")),
    )
    (line,) = loss_lines(CLEAR.plan(seen))
    assert line.endswith("(ana/lab).")


def test_when_the_hub_cannot_be_asked_the_loss_is_not_called_none() -> None:
    plan = RESTART.plan(facts(servers=None))
    assert loss_lines(plan) == [
        "mayday couldn't ask the hub who is working. Expect everyone to be disconnected."
    ]


def test_quiet_servers_are_called_so() -> None:
    seen = replace(healthy("ana"), read_at=NOW + timedelta(hours=5))
    (line,) = loss_lines(RESTART.plan(seen))
    assert "none active in the last 10 minutes, the last one 5 hours ago" in line


def test_activity_that_nobody_knows_is_called_unknown() -> None:
    """An orphan has no record with a last activity."""
    seen = facts(servers=(server("zoe"),), pods=(pod("zoe"), pod("ana")), routes=(route("zoe"),))
    assert loss_lines(CLEAR.plan(seen)) == [
        "1 server ends, with what is not saved: activity unknown (ana)."
    ]
    quiet = replace(server("ana"), last_activity=None)
    both = facts(servers=(quiet, server("zoe")), pods=(pod("ana"), pod("zoe")))
    (line,) = loss_lines(RESTART.plan(both))
    assert line == (
        "2 connections drop for a moment; kernels survive: 1 active in the last 10 minutes, "
        "the last one 2 minutes ago; activity of 1 unknown (ana, zoe)."
    )


def test_the_table_shows_the_odd_ones() -> None:
    title, *lines = table(CLEAR.plan(stuck())).splitlines()
    assert title == "*Servers that are not well*"
    assert [line.replace("`", "").removeprefix("• ") for line in lines] == [
        "unrouted route missing, work is safe: hub says ready, pod Running, route no",
        "crash crashing: CrashLoopBackOff, restarted 12 times: hub says ready, pod CrashLoopBackOff, "
        "route yes",
        "gone node gone: hub says ready, pod Terminating, route yes",
        "spawn stuck while starting: ImagePullBackOff: hub says pending spawn, pod ImagePullBackOff, "
        "route no",
        "stop stuck while stopping: hub says pending stop, pod Terminating, route no",
        "unsent stop not sent: hub says pending stop, pod Running, route no",
        "check hub's check hangs: hub says pending check, pod Running, route no",
        "orphan unknown to the hub: hub says absent, pod Running, route no",
    ]


def test_a_pod_that_could_not_be_read_is_not_called_none() -> None:
    """A reason shared by all pods appears once, not in each row."""
    seen = facts(servers=(server("ana"), server("ben")), pods=None, routes=(route("ana"),))
    plan = CLEAR.plan(seen)
    assert table(plan).splitlines()[1:] == [
        "• `ana` cannot be judged: hub says `ready`, pod `?`, route `yes`",
        "• `ben` cannot be judged: hub says `ready`, pod `?`, route `no`",
    ]
    assert seen.pods.unknown in "\n".join(texts(plan_blocks(plan, CLEAR.title)))


def test_the_table_of_a_stale_record() -> None:
    line = table(CLEAR.plan(stale())).splitlines()[1]
    assert line == "• `stale` record without a pod: hub says `ready`, pod `none`, route `yes`"


def test_a_long_table_and_a_long_plan_say_how_much_is_left_out() -> None:
    plan = clearing(crowd(43))
    assert table(plan).endswith("\nand 33 more")
    many = clearing(crowd(900))
    assert len(many.steps) == 900
    assert table(many).endswith("\nand 890 more")
    assert own_lines(plan, [RunStepView(number=1)])[-1] == "and 28 more"
    assert own_lines(plan, []) == ["▫️ Force-delete 43 users' pods"]
    assert len(json.dumps(many.to_json())) < 1_000_000


def test_the_facts_in_a_line() -> None:
    assert facts_line(RESYNC.plan(evicted("ana", "ben"))) == (
        "hub and proxy answer, but routes are missing or lead elsewhere. Servers ready: 2, "
        "user routes: 0. All servers: 2 route missing, work is safe."
    )
    unread = RESYNC.plan(facts(servers=None, routes=None))
    assert "Servers ready: –, user routes: –. All servers: –." in facts_line(unread)
    assert "user routes: –" in facts_line(RESYNC.plan(facts(routes=None)))
    half = View(items=(server("ana"),), unknown="A scope is filtered.")
    narrow = RESYNC.plan(facts(servers=half, pods=(pod("ana"),), routes=(route("ana"),)))
    assert facts_line(narrow).startswith("not everything could be read. Servers ready: at least 1,")


def test_what_became_of_the_proxys_pods_stands_in_the_facts() -> None:
    old = replace(pod("x", phase="Failed", reason="Evicted"), name="proxy-old")
    new = replace(pod("x"), name="proxy-new", restarts=3)
    plan = RESYNC.plan(replace(evicted("ana"), proxy_pods=View(items=(old, new))))
    told = "Proxy: `proxy-old` Evicted; `proxy-new` Running, restarted 3 times."
    assert any(text.endswith(told) for text in texts(plan_blocks(plan, RESYNC.title)))


def test_progress_goes_step_by_step() -> None:
    plan = RESTART.plan(evicted("ana"))
    assert [line[0] for line in own_lines(plan, [RunStepView(number=1)])] == ["⏳", "▫"]
    done = Result(outcome=Outcome.DONE, seen={"replicas": 1, "updated": 1})
    first = RunStepView(number=1, result=done)
    lines = own_lines(plan, [first, RunStepView(number=2)])
    assert lines[0].startswith("✅ Restart deployment `proxy`")
    assert lines[1].startswith("⏳ Have the hub write all routes")
    failed = RunStepView(number=2, result=Result(outcome=Outcome.FAILED, error="No luck."))
    assert own_lines(plan, [first, failed])[1].endswith("failed. No luck.")


def test_the_measured_result() -> None:
    seen = {"ready": 3, "routes_before": 0, "routes_after": 3, "looks": 1, "seconds": 0.2}
    words = words_of("resync_routes")
    assert words.outcome(Result(outcome=Outcome.DONE, seen=seen)) == (
        "done (ready servers 3; user routes 0 → 3)"
    )
    unread = {"routes_before": None, "routes_after": 3}
    assert "user routes – → 3" in words.outcome(Result(outcome=Outcome.DONE, seen=unread))


@pytest.mark.parametrize("outcome", Outcome)
def test_a_timeline_entry_says_who_did_what_where_and_how_it_ended(outcome: Outcome) -> None:
    plan: Plan = CLEAR.plan(stuck())
    data = plan.record(plan.steps[0], Result(outcome=outcome, seen={"stuck_before": 5}))
    words = entry_words(json.loads(json.dumps(data)), "<@U1>")
    assert words.startswith(
        f"<@U1> ran `force-delete-stuck-servers` on {PLACE} to force-delete pod `jupyter-stop`: "
    )


def test_a_reason_that_holds_for_several_parts_is_told_once() -> None:
    """A hub that rejects the token returns no servers or routes."""
    blind = replace(
        evicted("ana"),
        rows=(),
        servers=View.unread("It refuses."),
        routes=View.unread("It refuses."),
    )
    for book in RUNBOOKS:
        shown = json.dumps(plan_blocks(book.plan(blind), book.title))
        assert shown.count("It refuses.") == 1, book.name


def test_the_confirmation_names_the_place_however_long_its_names_are() -> None:
    place = replace(CLEAR.plan(stuck()).place, cluster="c" * 200, namespace="n" * 63, hub="h" * 75)
    text = confirm(replace(CLEAR.plan(stuck()), place=place), CLEAR.title)["text"]["text"]
    assert text.startswith(f"Cluster {'c' * 79}…, namespace {'n' * 63}, hub {'h' * 75}.")
    assert len(text) <= 300
