"""``mayday runbooks plan`` prints what a runbook would do and a summary, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from bot import cli
from bot import plan as command
from bot.domain.evidence import View
from bot.domain.hubs import HubAccess
from bot.errors import RetryLater, UserError
from bot.plan import Exit
from bot.services.hub_model import HubModel
from tests.support.books import RUNBOOKS
from tests.support.hubs import ACCESS, pod, route, server, terminating
from tests.support.rights import DELETE_PODS
from tests.support.scripted import Scripted, hung
from tests.support.terminal import (
    CLEAR,
    READINGS,
    RESTART,
    RESYNC,
    Begin,
    begin,
    unsent,
    well,
)

__all__ = ["begin"]

# --- JSON and exit status -----------------------------------------------------------------------


def test_a_plan_with_steps(begin: Begin) -> None:
    ended, said = begin(hung()).json()
    assert (ended, int(ended)) == (Exit.STEPS, 0)
    assert said == {
        "runbook": CLEAR,
        "place": {"cluster": "teaching", "namespace": "datahub-prod", "hub": "datahub"},
        "diagnosis": "well",
        "steps": [
            {
                "verb": "force_delete_pod",
                "target": "jupyter-ana",
                "destructive": True,
                "loses": ["ana"],
                "at": "teaching / datahub-prod / datahub / jupyter-ana",
                "success": "The pod is gone, and the hub has no record of this start, if it waited for the "
                "pod.",
                "undo": "It can't be taken back. The user can start the server again; what was not saved is "
                "lost.",
                "by_hand": "kubectl --context teaching -n datahub-prod delete pod jupyter-ana "
                "--grace-period=0 --force",
            }
        ],
        "unknown": [],
        "rows": [
            {"user": "ana", "server": "", "condition": "stuck_stop", "why": ""},
            {"user": "zoe", "server": "", "condition": "ok", "why": ""},
        ],
        "nothing_to_do": "",
        "cautions": [
            "A force-deleted pod's container can keep running if its node is cut off: check the node."
        ],
        "over_limit": "",
    }


@pytest.mark.parametrize("runbook", [CLEAR, RESYNC])
def test_a_plan_with_nothing_to_do(begin: Begin, runbook: str) -> None:
    ended, said = begin(well()).json(runbook)
    assert (ended, int(ended)) == (Exit.NOTHING_TO_DO, 3)
    assert said["nothing_to_do"]
    assert (said["steps"], said["unknown"], said["cautions"]) == ([], [], [])


@pytest.mark.parametrize(
    ("fails", "runbook", "part"),
    [
        ("servers", CLEAR, "servers"),
        ("pods", CLEAR, "pods"),
        ("access", CLEAR, "servers"),
        ("servers", RESYNC, "servers"),
        ("routes", RESYNC, "routes"),
        ("proxy", RESTART, "proxy"),
        ("pods", RESTART, "proxy"),
        ("may", RESTART, "rights"),
    ],
)
def test_a_plan_for_which_something_is_unknown(
    begin: Begin, fails: str, runbook: str, part: str
) -> None:
    party = hung(fails={fails: UserError("It refuses.")})
    ended, said = begin(party).json(runbook)
    assert (ended, int(ended)) == (Exit.UNKNOWN, 4)
    assert {"part": part, "why": "It refuses."} in said["unknown"]
    assert (said["steps"], said["nothing_to_do"]) == ([], "")


def test_what_is_unknown_and_not_needed_is_told_and_stops_nothing(begin: Begin) -> None:
    ended, said = begin(
        hung(fails={"health": UserError("Its certificate is not accepted.")})
    ).json()
    assert ended is Exit.STEPS
    assert said["diagnosis"] == "unknown"
    assert said["unknown"] == [{"part": "health", "why": "Its certificate is not accepted."}]


def test_a_hub_that_is_down_is_unknown_and_not_well(begin: Begin) -> None:
    away = RetryLater("Hub datahub did not answer.")
    terminal = begin(well())
    terminal.party.fails = dict.fromkeys(("access", "servers", "routes"), away)
    for runbook in (CLEAR, RESYNC):
        assert terminal.run(runbook) is Exit.UNKNOWN
        assert "Cannot tell. Hub datahub did not answer." in terminal.said
        assert "Servers ready: –, user routes: –" in terminal.said


def test_every_server_is_in_the_json(begin: Begin) -> None:
    users = [f"student{n:03}" for n in range(250)]
    party = Scripted(
        records=[server(user) for user in users],
        live=[pod(user) for user in users],
        known=[route(user) for user in users],
    )
    _, said = begin(party).json()
    assert [row["user"] for row in said["rows"]] == users


def test_a_token_that_is_filtered_names_its_scope(begin: Begin) -> None:
    narrow = HubAccess(version="6.1.1", scopes=ACCESS.scopes - {"read:servers"})
    ended, said = begin(hung(who=narrow)).json()
    assert ended is Exit.STEPS, "what is seen to be stuck is stuck all the same"
    assert "lacks read:servers without a filter" in said["unknown"][0]["why"]
    orphaned = well()
    orphaned.live.append(pod("ana"))
    orphaned.who = narrow
    ended, said = begin(orphaned).json()
    assert ended is Exit.UNKNOWN
    assert said["rows"][0]["condition"] == "unknown"


def test_a_right_that_is_missing_is_told_and_no_step_offered(begin: Begin) -> None:
    ended, said = begin(hung(refused={DELETE_PODS})).json()
    assert ended is Exit.UNKNOWN
    assert said["unknown"][0]["why"] == (
        "mayday isn't allowed to delete pods in namespace datahub-prod of cluster teaching: grant it "
        "in the Role of mayday's service account."
    )


# --- on a terminal ------------------------------------------------------------------------------


def test_a_plan_is_readable_on_a_narrow_terminal(begin: Begin) -> None:
    terminal = begin(hung())
    assert terminal.run() is Exit.STEPS
    lines = terminal.said.splitlines()
    assert lines[0] == "Clear stuck servers on teaching / datahub-prod / datahub"
    assert "1. Force-delete pod jupyter-ana" in lines
    assert [line.split() for line in lines[-2:]] == [
        ["user", "hub", "says", "pod", "route"],
        ["ana", "pending", "stop", "Terminating", "no", "stuck", "while", "stopping"],
    ]


def test_what_a_hub_says_is_no_markup_and_steers_no_terminal(begin: Begin) -> None:
    evil = "[red]\x1b[2J"
    party = hung()
    party.records.append(server(evil, pending="stop"))
    party.live.append(terminating(evil))
    terminal = begin(party)
    terminal.run()
    assert "[red]" in terminal.said
    assert "\x1b" not in terminal.said
    _, said = terminal.json()
    assert evil in [row["user"] for row in said["rows"]]


# --- what was typed -----------------------------------------------------------------------------


def test_an_unknown_runbook_is_told_with_the_known_ones(begin: Begin) -> None:
    with pytest.raises(UserError) as told:
        begin(well()).run("restart-prxy")
    assert str(told.value) == (
        f"There is no runbook “restart-prxy”. Known: {', '.join(book.name for book in RUNBOOKS)}."
    )


def test_an_unknown_hub_is_told_with_the_known_ones(begin: Begin) -> None:
    with pytest.raises(UserError) as told:
        begin(well()).run(CLEAR, "datahb")
    assert str(told.value) == ("There is no hub “datahb”. Known: datahub.")


def test_without_a_hub_it_says_where_to_add_one(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = begin(well())
    monkeypatch.setattr(command, "sites", lambda _config: {})
    with pytest.raises(UserError, match=r"Known: none, add one to mayday\.yaml"):
        terminal.run()


@pytest.mark.parametrize("runbook", [RESYNC, RESTART])
def test_users_of_a_runbook_that_takes_none_are_refused(begin: Begin, runbook: str) -> None:
    terminal = begin(well())
    with pytest.raises(UserError, match=f"{runbook} works on a whole hub. Leave out zoe"):
        terminal.run(runbook, "datahub", "zoe")
    assert terminal.party.asked == []


def test_a_plan_for_some_users(begin: Begin) -> None:
    party = hung(users={"ana", "zoe", "idle"})
    party.records.append(server("ben", pending="stop"))
    party.live.append(terminating("ben"))
    terminal = begin(party)
    ended, said = terminal.json(CLEAR, "Ana")
    assert (ended, [step["target"] for step in said["steps"]]) == (Exit.STEPS, ["jupyter-ana"])
    ended, said = terminal.json(CLEAR, "zoe")
    assert (ended, said["nothing_to_do"]) == (Exit.NOTHING_TO_DO, "No server of zoe is stuck.")
    ended, said = terminal.json(CLEAR, "idle")
    assert (ended, said["nothing_to_do"]) == (
        Exit.NOTHING_TO_DO,
        "idle has no running or pending server.",
    )
    ended, said = terminal.json(CLEAR, "bne")
    assert (ended, said["unknown"]) == (
        Exit.UNKNOWN,
        [{"part": "users", "why": "The hub has no user bne: check the spelling."}],
    )


# --- nothing is done ----------------------------------------------------------------------------


@pytest.mark.parametrize("runbook", [CLEAR, RESTART, RESYNC])
@pytest.mark.parametrize("make", [hung, well, unsent, Scripted])
def test_hub_and_cluster_are_read_and_nothing_else(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, runbook: str, make: Callable[[], Scripted]
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a plan acts")

    for verb in (
        "resync_routes",
        "stop_server",
        "restart_deployment",
        "delete_pod",
        "force_delete_pod",
    ):
        monkeypatch.setattr(Scripted, verb, refuse)
    terminal = begin(make())
    before = (list(terminal.party.records), list(terminal.party.live), list(terminal.party.known))
    terminal.run(runbook)
    assert set(terminal.party.asked) <= READINGS
    assert (terminal.party.records, terminal.party.live, terminal.party.known) == before


def test_the_connections_to_the_hub_are_closed(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(Scripted, "close", lambda _self: closed.append("closed"))
    begin(well()).run()
    assert closed == ["closed"]


# --- as typed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "status"),
    [
        (hung(), 0),
        (well(), 3),
        (Scripted(fails={"servers": UserError("It refuses.")}), 4),
    ],
)
def test_the_exit_status(begin: Begin, party: Scripted, status: int) -> None:
    terminal = begin(party)
    done = CliRunner().invoke(
        cli.app,
        ["runbooks", "plan", CLEAR, "--hub", "datahub", "--json"],
        env={"MAYDAY_DATABASE__URL": terminal.url},
    )
    assert done.exit_code == status, done.output
    printed = done.stdout[done.stdout.index("{") :]  # after the log, which tests print there
    assert json.loads(printed)["runbook"] == CLEAR


def test_every_view_that_is_incomplete_is_in_the_json(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = View(items=(server("zoe"),), unknown="The hub leaves servers out.")
    monkeypatch.setattr(Scripted, "servers", lambda _self: hidden)
    ended, said = begin(well()).json()
    assert ended is Exit.UNKNOWN
    assert said["unknown"] == [{"part": "servers", "why": "The hub leaves servers out."}]


# --- rehearsals ----------------------------------------------------------------------------------


def test_a_rehearsal_prints_how_each_step_went_and_touches_nothing(begin: Begin) -> None:
    party = hung()
    before = (list(party.live), list(party.records), list(party.known))
    terminal = begin(party)
    assert terminal.run(rehearse=True) is Exit.STEPS
    assert "Rehearsed 1: ✅ done" in terminal.said
    assert "facts of this plan, not on the hub: 1 of 1 steps succeeded." in terminal.said
    assert "Afterwards the runbook had nothing left to do." in terminal.said
    assert (party.live, party.records, party.known) == before


def test_a_rehearsal_that_fails_says_why_and_has_an_exit_code_of_its_own(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_args: object) -> None:
        raise UserError("It has finalizers.")

    monkeypatch.setattr(HubModel, "force_delete_pod", refused)
    terminal = begin(hung())
    ended = terminal.run(rehearse=True)
    assert (ended, int(ended)) == (Exit.REHEARSAL_FAILED, 5)
    assert "The rehearsal failed" in terminal.said
    assert "Rehearsed 1: ❌ failed. It has finalizers." in terminal.said
    ended = terminal.run(rehearse=True, as_json=True)
    (result,) = json.loads(terminal.said)["rehearsal"]["results"]
    assert (ended, result["outcome"]) == (Exit.REHEARSAL_FAILED, "failed")
