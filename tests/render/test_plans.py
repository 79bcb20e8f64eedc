"""Plans in Slack: within its limits, inert whatever a user is called, and never without the place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import STUCK, Condition, Diagnosis, Health, RouteState, Row
from bot.domain.plans import Outcome, Plan, Result, Step, StepVerb
from bot.render import blocks as b
from bot.render.plan_words import CONDITIONS, DIAGNOSES, ROUTES, SIGNS, TO_DO
from bot.render.plans import (
    confirm,
    facts_line,
    loss_lines,
    plan_blocks,
    plan_lines,
    plan_text,
    progress_blocks,
    progress_lines,
    result_words,
    runbook_words,
    table,
)
from bot.render.runs import run_posts
from bot.runbook import Parameters, Runbook
from bot.store.runs import RunState
from runbooks import RUNBOOKS
from tests.support.hubs import (
    NOW,
    PROXY,
    evicted,
    facts,
    healthy,
    pod,
    route,
    server,
    stale,
    stuck,
    terminating,
)
from tests.support.hubs import (
    PLACE as WHERE,
)

RESYNC, RESTART, CLEAR = RUNBOOKS
PLACE = "`teaching / datahub-prod / datahub`"
MOST_IN_ALL = 9600
"""Characters of all texts of a message; Slack refused one of 11,341."""

RESYNC_MEASURE = RESYNC.plan(evicted("ana")).steps[0].measure

MANY = tuple(f"student{n:04}" for n in range(900))
NASTY = "<!channel>&`x`" + "y" * 90


def crowd(count: int) -> HubFacts:
    users = MANY[:count]
    return facts(
        servers=tuple(server(user, pending="stop") for user in users),
        pods=tuple(map(terminating, users)),
    )


def clearing(seen: HubFacts) -> Plan:
    """The plan of somebody who named all users, so that there are as many steps as servers."""
    return CLEAR.plan(seen, Parameters(users=frozenset(row.user for row in seen.rows)))


def nasty() -> HubFacts:
    return facts(
        servers=(server(NASTY, pending="stop"), server(f"{NASTY}2")),
        pods=(terminating(NASTY), pod(f"{NASTY}2")),
    )


SITUATIONS = (healthy("ana"), evicted("ana", "ben"), stuck(), crowd(900), nasty(), facts())


def texts(value: Any) -> list[str]:
    """Every text of the blocks, with Slack's limit for each checked on the way."""
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    if not isinstance(value, dict):
        return []
    found = []
    if value.get("type") in ("mrkdwn", "plain_text"):
        assert 0 < len(value["text"]) <= 3000
        found.append(value["text"])
    return found + [text for one in value.values() for text in texts(one)]


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
    results = {step.id: Result(outcome=Outcome.FAILED, error=NASTY) for step in plan.steps}
    blocks = plan_blocks(plan, book.title) + progress_blocks(plan, book.title, results)
    everything = "\n".join([*texts(blocks), plan_text(plan, book.title)])
    assert "<!channel>" not in everything
    for text in texts(blocks):
        if text.startswith("```"):
            assert text.count("`") == 6


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
    blocks = progress_blocks(plan, CLEAR.title, {step.id: failed for step in plan.steps})
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


def test_when_the_hub_cannot_be_asked_the_loss_is_not_called_none() -> None:
    plan = RESTART.plan(facts(servers=None))
    assert loss_lines(plan) == [
        "The hub could not be asked who is working: expect everyone to be disconnected."
    ]


def test_quiet_servers_are_called_so() -> None:
    seen = replace(healthy("ana"), read_at=NOW + timedelta(hours=5))
    (line,) = loss_lines(RESTART.plan(seen))
    assert "none active in the last 10 minutes, the last one 5 hours ago" in line


def test_activity_that_nobody_knows_is_called_unknown() -> None:
    """An orphan has no record that tells when it was last used."""
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
    lines = table(CLEAR.plan(stuck())).splitlines()
    assert [" ".join(line.split()) for line in lines[1:-1]] == [
        "user hub says pod route",
        "unrouted ready Running no route missing, work is safe",
        "crash ready CrashLoopBackOff yes crashing: CrashLoopBackOff, restarted 12 times",
        "gone ready Terminating yes node gone",
        "spawn pending spawn ImagePullBackOff no stuck while starting: ImagePullBackOff",
        "stop pending stop Terminating no stuck while stopping",
        "unsent pending stop Running no stop not sent",
        "check pending check Running no hub's check hangs",
        "orphan absent Running no unknown to the hub",
    ]


def test_the_table_of_a_stale_record() -> None:
    line = table(CLEAR.plan(stale())).splitlines()[2]
    assert " ".join(line.split()) == "stale ready none yes record without a pod"


def test_a_long_table_and_a_long_plan_say_how_much_is_left_out() -> None:
    plan = clearing(crowd(43))
    assert table(plan).endswith("\nand 23 more")
    many = clearing(crowd(900))
    assert len(many.steps) == 900
    assert table(many).endswith("\nand 880 more")
    assert progress_lines(plan, {})[-1] == "and 28 more"
    assert len(json.dumps(many.to_json())) < 1_000_000


def test_the_facts_in_a_line() -> None:
    assert facts_line(RESYNC.plan(evicted("ana", "ben"))) == (
        "hub and proxy answer, but routes are missing. Servers ready: 2, user routes: 0. "
        "All servers: 2 route missing, work is safe."
    )
    unread = RESYNC.plan(facts(servers=None, routes=None))
    assert "Servers ready: –, user routes: –. All servers: –." in facts_line(unread)
    assert "user routes: –" in facts_line(RESYNC.plan(facts(routes=None)))


def test_what_became_of_the_proxys_pods_stands_in_the_facts() -> None:
    old = replace(pod("x", phase="Failed", reason="Evicted"), name="proxy-old")
    new = replace(pod("x"), name="proxy-new", restarts=3)
    plan = RESYNC.plan(replace(evicted("ana"), proxy_pods=View(items=(old, new))))
    told = "Proxy: `proxy-old` Evicted; `proxy-new` Running, restarted 3 times."
    assert any(text.endswith(told) for text in texts(plan_blocks(plan, RESYNC.title)))


def test_progress_goes_step_by_step() -> None:
    plan = RESTART.plan(evicted("ana"))
    restart, resync = plan.steps
    assert [line[0] for line in progress_lines(plan, {}, restart.id)] == ["⏳", "▫"]
    done = Result(outcome=Outcome.DONE, seen={"replicas": 1, "updated": 1})
    lines = progress_lines(plan, {restart.id: done}, resync.id)
    assert lines[0].startswith("✅ Restart deployment `proxy`")
    assert lines[1].startswith("⏳ Have the hub write all routes")
    failed = {restart.id: done, resync.id: Result(outcome=Outcome.FAILED, error="No luck.")}
    assert progress_lines(plan, failed)[1].endswith("failed. No luck.")


def test_the_measured_result() -> None:
    seen = {"ready": 3, "routes_before": 0, "routes_after": 3, "looks": 1, "seconds": 0.2}
    assert result_words(Result(outcome=Outcome.DONE, seen=seen)) == (
        "done (ready servers 3; user routes 0 → 3)"
    )
    unread = {"routes_before": None, "routes_after": 3}
    assert "user routes – → 3" in result_words(Result(outcome=Outcome.DONE, seen=unread))


@pytest.mark.parametrize("outcome", Outcome)
def test_a_timeline_entry_says_who_did_what_where_and_how_it_ended(outcome: Outcome) -> None:
    plan: Plan = CLEAR.plan(stuck())
    data = plan.record(plan.steps[0], Result(outcome=outcome, seen={"stuck_before": 5}))
    words = runbook_words(json.loads(json.dumps(data)), "<@U1>")
    assert words.startswith(
        f"<@U1> ran `force-delete-stuck-servers` on {PLACE} to force-delete pod `jupyter-stop`: "
    )


def test_a_reason_that_holds_for_several_parts_is_told_once() -> None:
    """A hub that refuses the token shows neither servers nor routes."""
    blind = replace(
        evicted("ana"),
        rows=(),
        servers=View.unread("It refuses."),
        routes=View.unread("It refuses."),
    )
    for book in RUNBOOKS:
        shown = json.dumps(plan_blocks(book.plan(blind), book.title))
        assert shown.count("It refuses.") == 1, book.name


# --- words for everything -----------------------------------------------------------------------


def made(**facts_of: Any) -> Plan:
    """A plan of these parts alone."""
    return Plan(runbook=CLEAR.name, place=WHERE, read_at=NOW, **facts_of)


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_has_its_words(condition: Condition) -> None:
    row = Row(user="ana", server="", hub="ready", condition=condition)
    plan = made(rows=(row,), conditions={condition: 1})
    words = CONDITIONS[condition]
    assert words in table(plan)
    assert f"1 {words}" in facts_line(plan)
    assert words in "\n".join(plan_lines(plan, CLEAR.title))


@pytest.mark.parametrize("diagnosis", Diagnosis)
def test_every_diagnosis_has_its_words(diagnosis: Diagnosis) -> None:
    assert facts_line(made(diagnosis=diagnosis)).startswith(f"{DIAGNOSES[diagnosis]}. ")


@pytest.mark.parametrize("state", RouteState)
def test_every_state_of_a_route_has_its_words(state: RouteState) -> None:
    row = Row(user="ana", server="", hub="ready", condition=Condition.UNKNOWN, route=state)
    assert ROUTES[state] in table(made(rows=(row,))).splitlines()[2].split()


@pytest.mark.parametrize("verb", StepVerb)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_verb_and_every_outcome_has_its_words(verb: StepVerb, outcome: Outcome) -> None:
    step = Step(id="1", verb=verb, target="TARGET", measure=RESYNC_MEASURE)
    plan = made(steps=(step,), summary="Something.")
    words = TO_DO[verb].format(target="TARGET")[1:]
    (line,) = progress_lines(plan, {"1": Result(outcome=outcome, error="Why.")})
    assert line.startswith(SIGNS[outcome])
    assert words in line and line.endswith(". Why.")
    data = plan.record(step, Result(outcome=outcome))
    assert words in runbook_words(json.loads(json.dumps(data)), "<@U1>")
    assert any(words.replace("`", "") in text for text in plan_lines(plan, "Title"))


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("begun", [True, False])
def test_every_state_of_a_run_has_its_words(state: RunState, begun: bool) -> None:
    no_plan = state is RunState.PLANNING or (state is RunState.FAILED and not begun)
    begun = begun and not no_plan
    plan = None if no_plan else CLEAR.plan(stuck())
    done = Result(outcome=Outcome.SKIPPED, error="It went by itself.")
    posts = list(
        run_posts(
            run_id="r",
            title=CLEAR.title,
            hub="datahub",
            state=state.value,
            plan=plan,
            steps=[(1, True, done), (2, False, None)] if begun else [],
            asked_by="U1",
            decided_by="U2",
            error="The reason.",
        )
    )
    key, post, parent = posts[0]
    assert (key, parent) == ("run/r", "")
    assert post.text
    assert all(texts(list(one.blocks)) for _, one, _ in posts)
    assert len(posts) == (3 if begun else 1)


# --- within limits, and harmless ----------------------------------------------------------------

LONG = "<!channel> & `code` <http://evil.example|click> \x1b[2J\r\n" * 200


def hostile() -> Plan:
    """A plan in which every text that comes from outside is long and wants to do harm."""
    rows = tuple(
        Row(
            user=f"{n}{LONG}",
            server=LONG,
            hub=f"pending {LONG}",
            condition=kind,
            why=LONG,
            pod=replace(pod("x", reason=LONG), name=LONG),
        )
        for kind in Condition
        for n in range(3)
    )
    unknown = tuple(UnknownPart(part=part, why=f"{part} {LONG}") for part in Part)
    return made(
        rows=rows,
        conditions=dict.fromkeys(Condition, 3),
        proxy_pods=tuple(replace(pod("x", reason=LONG), name=LONG) for _ in range(9)),
        cautions=tuple(f"{n} {LONG}" for n in range(9)),
        unknown=unknown,
    )


def hostile_step() -> Step:
    return Step(id="1", verb=StepVerb.STOP_SERVER, target=LONG, measure=RESYNC_MEASURE)


@pytest.mark.parametrize(
    "plan",
    [
        replace(hostile(), nothing_to_do=LONG),
        replace(hostile(), undecided=hostile().unknown),
        replace(
            hostile(),
            summary=LONG,
            steps=(hostile_step(),) * 40,
            losses=CLEAR.plan(nasty()).losses,
        ),
    ],
    ids=["nothing to do", "cannot tell", "steps"],
)
def test_whatever_a_hub_says_a_plan_fits_slack_and_stays_harmless(plan: Plan) -> None:
    blocks = plan_blocks(plan, CLEAR.title, b.button("Run it", action="a"))
    shown = texts(blocks)
    assert len(blocks) <= 50
    assert sum(map(len, shown)) <= MOST_IN_ALL
    for text in (*shown, plan_text(plan, CLEAR.title)):
        assert "<!channel>" not in text and "<http" not in text
        assert text.count("&") == sum(map(text.count, ("&amp;", "&lt;", "&gt;")))
    (code,) = [text for text in shown if text.startswith("```")]
    assert code.count("```") == 2
    assert code.endswith("more")
    dialog = confirm(plan, CLEAR.title)
    assert len(dialog["text"]["text"]) <= 300


def test_on_a_terminal_nothing_steers_it() -> None:
    plan = replace(hostile(), steps=(hostile_step(),), summary=LONG)
    lines = plan_lines(plan, CLEAR.title)
    assert all(line.isprintable() for line in lines)
    assert "&amp;" not in "\n".join(lines)


# --- on a terminal ------------------------------------------------------------------------------


def test_a_plan_on_a_terminal() -> None:
    plan = CLEAR.plan(stale())
    assert plan_lines(plan, CLEAR.title) == [
        "Clear stuck servers on teaching / datahub-prod / datahub",
        "",
        "Clear 1 stuck server: 1 without a pod (have the hub drop the record).",
        "",
        "1. Have the hub stop server stale",
        "",
        "Who loses what: Nobody loses anything.",
        "",
        "Facts: hub and proxy answer, no route is missing. Servers ready: 2, user routes: 2. "
        "All servers: 1 well; 1 record without a pod.",
        "",
        "user   hub says  pod   route",
        "stale  ready     none  yes    record without a pod",
    ]


def test_what_is_not_known_stands_below_and_is_not_told_twice() -> None:
    plan = CLEAR.plan(facts(servers=(server("ana"),), pods=(pod("ana"),), routes=None))
    lines = plan_lines(plan, CLEAR.title)
    assert lines[2] == "Cannot tell. 1 cannot be judged: ana (No routes today)."
    assert not [line for line in lines if line.startswith("Not known")]
    half = replace(evicted("ana"), access=Unknown(why="The hub does not say who asks."))
    assert plan_lines(RESYNC.plan(half), RESYNC.title)[-1] == (
        "Not known: The hub does not say who asks."
    )


# --- verdicts -----------------------------------------------------------------------------------


def verdict(plan: Plan) -> str:
    (section,) = [
        block["text"]["text"]
        for block in plan_blocks(plan, "Title")
        if block["type"] == "section" and not block["text"]["text"].startswith(("*Facts", "`", "⚠"))
    ][:1]
    return str(section.split("*")[1])


def test_nothing_to_do_is_said_where_all_is_well() -> None:
    for book in (RESYNC, CLEAR):
        assert verdict(book.plan(healthy("ana"))) == "Nothing to do."
        assert verdict(book.plan(facts())) == "Nothing to do."


def test_nothing_to_do_never_stands_over_something_unread_or_wrong() -> None:
    """A drained core pool: hub Pending, proxy Unschedulable."""
    drained = replace(
        facts(servers=None, routes=None, health=Health(hub=False, proxy=None)),
        proxy_pods=View(
            items=(
                replace(
                    pod("x", phase="Pending", reason="Unschedulable"),
                    name="proxy-1",
                    message="0/3 nodes are available.",
                ),
            )
        ),
        proxy=Known(value=replace(PROXY, ready=0)),
    )
    assert verdict(RESYNC.plan(drained)) == "Cannot tell."
    assert verdict(CLEAR.plan(drained)) == "Cannot tell."
    restart = RESTART.plan(drained)
    assert restart.steps == ()
    assert verdict(restart) == "No steps."
    assert "Servers ready: –, user routes: –" in facts_line(restart)


@pytest.mark.parametrize("condition", sorted(STUCK | {Condition.CRASHING, Condition.UNKNOWN}))
def test_nothing_to_do_never_stands_over_a_server_that_needs_somebody(
    condition: Condition,
) -> None:
    plan = made(
        nothing_to_do="Pod x is protected by a StatefulSet.",
        conditions={condition: 1},
        diagnosis=Diagnosis.WELL,
    )
    assert verdict(plan) == "No steps."
    assert "Nothing to do" not in "\n".join(plan_lines(plan, "Title"))
