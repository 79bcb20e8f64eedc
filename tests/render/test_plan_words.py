"""Wording of every part of a plan, within limits, also on a terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.evidence import Known, Unknown, View
from bot.domain.facts import Part, UnknownPart
from bot.domain.hubs import STUCK, Condition, Diagnosis, Health, RouteState, Row
from bot.domain.rehearsal import Rehearsal
from bot.domain.runs import Outcome, Result, RunState
from bot.render import blocks as b
from bot.render.plan_words import CONDITIONS, DIAGNOSES, ROUTES
from bot.render.plans import (
    NOT_WELL,
    confirm,
    facts_line,
    plan_blocks,
    plan_lines,
    plan_text,
    table,
)
from bot.render.run_progress import UNREADABLE_STEP, RunStepView, own_lines
from bot.render.runs import RunView, run_posts
from bot.render.steps import entry_words, words_of
from bot.render.steps.words import SIGNS
from bot.runbook import Step, StopServer
from bot.runbook.plan import Plan
from tests.support.hubs import (
    NOW,
    PROXY,
    evicted,
    facts,
    healthy,
    pod,
    server,
    stale,
    stuck,
)
from tests.support.hubs import (
    PLACE as WHERE,
)
from tests.support.plan_texts import (
    CLEAR,
    MOST_IN_ALL,
    RESTART,
    RESYNC,
    nasty,
    texts,
)
from tests.support.steps import ONE_OF_EACH

# --- wording ------------------------------------------------------------------------------------


def made(**facts_of: Any) -> Plan:
    """Return a plan of these parts."""
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
    assert table(made(rows=(row,))).endswith(f"route `{ROUTES[state]}`")


@pytest.mark.parametrize("step", ONE_OF_EACH, ids=lambda step: str(step.verb))
@pytest.mark.parametrize("outcome", Outcome)
def test_every_kind_of_step_and_every_outcome_has_its_words(step: Step, outcome: Outcome) -> None:
    plan = made(steps=(step,), summary="Something.")
    words = words_of(step.verb).line(step)[1:]
    (line,) = own_lines(plan, [RunStepView(number=1, result=Result(outcome=outcome, error="Why."))])
    assert line.startswith(SIGNS[outcome])
    assert words in line and line.endswith(". Why.")
    data = plan.record(step, Result(outcome=outcome))
    assert words in entry_words(json.loads(json.dumps(data)), "<@U1>")
    assert any(words.replace("`", "") in text for text in plan_lines(plan, "Title"))


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("begun", [True, False])
def test_every_state_of_a_run_has_its_words(state: RunState, begun: bool) -> None:
    no_plan = state is RunState.PLANNING or (state is RunState.FAILED and not begun)
    begun = begun and not no_plan
    plan = None if no_plan else CLEAR.plan(stuck())
    done = Result(outcome=Outcome.SKIPPED, error="It went by itself.")
    posts = run_posts(
        RunView(
            id="r",
            title=CLEAR.title,
            hub="datahub",
            state=state,
            plan=plan,
            steps=[RunStepView(number=1, result=done), RunStepView(number=2)] if begun else [],
            asked_by="U1",
            decided_by="U2",
            error="The reason.",
        )
    )
    assert posts[0].text
    assert all(texts(list(post.blocks)) for post in posts)
    assert len(posts) == (3 if begun else 1)


def test_a_step_of_a_plan_that_cannot_be_read_still_has_its_reply() -> None:
    run = RunView(
        id="r",
        title=CLEAR.title,
        hub="datahub",
        state=RunState.NEEDS_HUMAN,
        plan=None,
        steps=[RunStepView(number=1)],
        asked_by="U1",
        error="This version cannot read the plan.",
    )
    assert [post.text for post in run_posts(run)][1:] == [UNREADABLE_STEP.format(number=1)]


# --- within limits, and escaped -----------------------------------------------------------------

LONG = "<!channel> & `code` <http://evil.example|click> \x1b[2J\r\n" * 200


def hostile() -> Plan:
    """A plan in which every external text is long and malicious."""
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


def test_cautions_show_people_by_name_and_nothing_else_of_slacks_markup() -> None:
    plan = made(
        cautions=("Cordoned by <@U0ANA>.", "<!channel> by <!here> for <@U0ANA> & <https://x|y>")
    )
    shown = json.dumps(plan_blocks(plan, "Title"))
    assert "Cordoned by <@U0ANA>." in shown
    assert "&lt;!channel&gt; by &lt;!here&gt; for &lt;@U0ANA&gt; &amp; &lt;https://x|y&gt;" in shown


def hostile_step() -> Step:
    return StopServer(user=LONG, server="", condition=Condition.STALE_RECORD)


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
            rehearsal=Rehearsal(results=(Result(outcome=Outcome.FAILED, error=LONG),) * 40),
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
    (rows,) = [text for text in shown if text.startswith(NOT_WELL)]
    assert rows.count("`") % 8 == 0
    assert rows.endswith("more")
    dialog = confirm(plan, CLEAR.title)
    assert len(dialog["text"]["text"]) <= 300


def test_on_a_terminal_nothing_steers_it() -> None:
    failed = Rehearsal(results=(Result(outcome=Outcome.FAILED, error=LONG),))
    plan = replace(hostile(), steps=(hostile_step(),), summary=LONG, rehearsal=failed)
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
        "     at: teaching / datahub-prod / datahub / stale",
        '     by hand: curl -fX DELETE -H "Authorization: token $TOKEN" "$HUB_API/users/stale/servers/"',
        "",
        "Nobody loses anything.",
        "How success is known: The hub's record of this start and its pod are gone.",
        "Can it be taken back? It can't be taken back. The user can start the server again, without what ran "
        "in it.",
        "$HUB_API is the address of the API of hub datahub, $TOKEN a token for it.",
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
    """Drained core pool: hub Pending, proxy Unschedulable."""
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
