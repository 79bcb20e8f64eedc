"""``mayday plan`` prints what a runbook would do, ends with what that comes to, and does nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rich.console import Console
from sqlalchemy import text
from typer.testing import CliRunner

from bot import cli
from bot import plan as command
from bot.config import load
from bot.domain.evidence import View
from bot.domain.hubs import HubAccess, Right, Server
from bot.errors import Retry, Tell
from bot.plan import Exit, plan
from bot.services.site import Site
from bot.store.engine import Store
from tests.support.hubs import ACCESS, NOW, PLACE, pod, route, server, terminating
from tests.support.scripted import Scripted, hung, site

CLEAR, RESTART, RESYNC = "force-delete-stuck-servers", "restart-proxy", "resync-routes"
READINGS = {"access", "health", "servers", "routes", "pods", "events", "may", "proxy", "knows"}


class At(datetime):
    """A clock that a test sets."""

    moment: ClassVar[datetime] = NOW

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.moment.astimezone(tz)


@dataclass(kw_only=True)
class Terminal:
    """What a person types, and what they are shown."""

    url: str
    party: Scripted
    said: str = ""

    def run(
        self, runbook: str = CLEAR, hub: str = "datahub", *users: str, as_json: bool = False
    ) -> Exit:
        shown = io.StringIO()
        config = load(overrides={"database": {"url": self.url}})
        ended = plan(
            config, runbook, hub, users, as_json=as_json, out=Console(file=shown, width=80)
        )
        self.said = shown.getvalue()
        return ended

    def json(self, runbook: str = CLEAR, *users: str) -> tuple[Exit, dict[str, Any]]:
        ended = self.run(runbook, "datahub", *users, as_json=True)
        return ended, json.loads(self.said)

    def after(self, **passed: float) -> None:
        """Let time pass."""
        At.moment += timedelta(**passed)


Begin = Callable[[Scripted], Terminal]


@pytest.fixture
def begin(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """A terminal before one hub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "datetime", At)
    monkeypatch.setattr(At, "moment", NOW)

    def make(party: Scripted) -> Terminal:
        def places(_config: object) -> dict[str, Site]:
            return {PLACE.hub: site(party)}

        monkeypatch.setattr(command, "sites", places)
        return Terminal(url=sqlite_url, party=party)

    yield make


def well() -> Scripted:
    return Scripted(records=[server("zoe")], live=[pod("zoe")], known=[route("zoe")])


def unsent() -> Scripted:
    """Ana's stop is pending, and nothing has reached the cluster."""
    return Scripted(
        records=[server("ana", pending="stop"), server("zoe")],
        live=[pod("ana"), pod("zoe")],
        known=[route("zoe")],
    )


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
    party = hung(fails={fails: Tell("It refuses.")})
    ended, said = begin(party).json(runbook)
    assert (ended, int(ended)) == (Exit.UNKNOWN, 4)
    assert {"part": part, "why": "It refuses."} in said["unknown"]
    assert (said["steps"], said["nothing_to_do"]) == ([], "")


def test_what_is_unknown_and_not_needed_is_told_and_stops_nothing(begin: Begin) -> None:
    ended, said = begin(hung(fails={"health": Tell("Its certificate is not accepted.")})).json()
    assert ended is Exit.STEPS
    assert said["diagnosis"] == "unknown"
    assert said["unknown"] == [{"part": "health", "why": "Its certificate is not accepted."}]


def test_a_hub_that_is_down_is_unknown_and_not_well(begin: Begin) -> None:
    away = Retry("Hub datahub did not answer.")
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
    ended, said = begin(hung(refused={Right.DELETE_PODS})).json()
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
    with pytest.raises(Tell) as told:
        begin(well()).run("restart-prxy")
    assert str(told.value) == (
        "There is no runbook “restart-prxy”. Did you mean restart-proxy? Known: resync-routes, "
        "restart-proxy, force-delete-stuck-servers."
    )


def test_an_unknown_hub_is_told_with_the_known_ones(begin: Begin) -> None:
    with pytest.raises(Tell) as told:
        begin(well()).run(CLEAR, "datahb")
    assert str(told.value) == ("There is no hub “datahb”. Did you mean datahub? Known: datahub.")


def test_without_a_hub_it_says_where_to_add_one(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = begin(well())
    monkeypatch.setattr(command, "sites", lambda _config: {})
    with pytest.raises(Tell, match=r"Known: none, add one to mayday\.yaml"):
        terminal.run()


@pytest.mark.parametrize("runbook", [RESYNC, RESTART])
def test_users_of_a_runbook_that_takes_none_are_refused(begin: Begin, runbook: str) -> None:
    terminal = begin(well())
    with pytest.raises(Tell, match=f"{runbook} works on a whole hub: leave out --user"):
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
        [{"part": "users", "why": "The hub knows no bne: did you mean ben?"}],
    )


# --- since when ---------------------------------------------------------------------------------


def test_since_when_a_stop_is_pending_is_kept_between_two_calls(begin: Begin) -> None:
    terminal = begin(unsent())
    ended, said = terminal.json()
    assert (ended, said["rows"][0]["condition"]) == (Exit.NOTHING_TO_DO, "stopping")
    assert "Still stopping or being checked: ana." in said["nothing_to_do"]
    terminal.after(minutes=1)
    assert terminal.json()[0] is Exit.NOTHING_TO_DO
    terminal.after(minutes=1, seconds=1)
    ended, said = terminal.json()
    assert (ended, said["rows"][0]["condition"]) == (Exit.STEPS, "unsent_stop")
    assert [(step["verb"], step["target"]) for step in said["steps"]] == [
        ("delete_pod", "jupyter-ana")
    ]


def test_a_sighting_of_long_before_may_have_been_of_another_stop(begin: Begin) -> None:
    terminal = begin(unsent())
    terminal.run()
    terminal.after(minutes=16)
    assert terminal.json()[1]["rows"][0]["condition"] == "stopping"
    terminal.after(minutes=3)
    assert terminal.json()[1]["rows"][0]["condition"] == "unsent_stop"


@pytest.mark.parametrize(
    "other",
    [
        replace(server("ana", pending="stop"), started=NOW - timedelta(minutes=30)),
        server("ana", pending="check"),
    ],
    ids=["another start", "another state"],
)
def test_the_age_begins_again_with_another_start_or_state(begin: Begin, other: Server) -> None:
    terminal = begin(unsent())
    terminal.run()
    terminal.after(minutes=3)
    terminal.party.records[0] = other
    assert terminal.json()[1]["rows"][0]["condition"] in ("stopping", "checking")


def test_what_ended_in_between_begins_again(begin: Begin) -> None:
    terminal = begin(unsent())
    terminal.run()
    stopping, terminal.party.records[0] = terminal.party.records[0], server("ana")
    terminal.run()
    terminal.party.records[0] = stopping
    terminal.after(minutes=3)
    assert terminal.json()[1]["rows"][0]["condition"] == "stopping"


def test_while_the_hub_is_silent_nothing_of_that_is_forgotten(begin: Begin) -> None:
    terminal = begin(unsent())
    terminal.run()
    terminal.after(minutes=1)
    terminal.party.fails = {"servers": Retry("No answer.")}
    assert terminal.run() is Exit.UNKNOWN
    terminal.party.fails = {}
    terminal.after(minutes=2)
    assert terminal.json()[1]["rows"][0]["condition"] == "unsent_stop"


# --- the database -------------------------------------------------------------------------------


def test_a_database_of_another_version_stops_no_plan_and_is_left_as_it_is(begin: Begin) -> None:
    terminal = begin(hung())
    store = Store(terminal.url)
    with store.write() as tx:
        tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        tx.execute(text("INSERT INTO alembic_version VALUES ('9999_of_tomorrow')"))
        before = tx.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all()
    assert terminal.run() is Exit.STEPS
    with store.read() as tx:
        assert tx.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all() == before
    store.close()


@pytest.mark.parametrize(
    "url",
    ["postgresql://mayday:secret@127.0.0.1:1/mayday", "sqlite:///{tmp}/folder", "nonsense"],
    ids=["nobody there", "a directory", "no URL"],
)
def test_a_database_that_cannot_be_reached_stops_no_plan(
    begin: Begin, tmp_path: Path, url: str
) -> None:
    (tmp_path / "folder").mkdir()
    terminal = begin(hung())
    terminal.url = url.format(tmp=tmp_path)
    ended, said = terminal.json()
    assert (ended, len(said["steps"])) == (Exit.STEPS, 1)
    assert "secret" not in terminal.said


def test_a_file_that_is_no_database_stops_no_plan(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "mayday.db").write_text("This is no database. " * 400)
    assert begin(hung()).run() is Exit.STEPS
    assert (tmp_path / "mayday.db").read_text() == "This is no database. " * 400


def test_without_a_database_a_pending_stop_is_not_called_well(begin: Begin, tmp_path: Path) -> None:
    """Its age cannot be known then, so it never counts as stuck."""
    terminal = begin(unsent())
    terminal.url = "postgresql://mayday@127.0.0.1:1/mayday"
    for _ in range(2):
        ended, said = terminal.json()
        assert ended is Exit.NOTHING_TO_DO
        assert "Still stopping or being checked: ana." in said["nothing_to_do"]
        assert "it is not known since when" in said["cautions"][0]
        terminal.after(minutes=10)


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
        "start_server",
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
        (Scripted(fails={"servers": Tell("It refuses.")}), 4),
    ],
)
def test_the_exit_status(begin: Begin, party: Scripted, status: int) -> None:
    terminal = begin(party)
    done = CliRunner().invoke(
        cli.app,
        ["plan", CLEAR, "datahub", "--json"],
        env={"MAYDAY_DATABASE__URL": terminal.url},
    )
    assert done.exit_code == status, done.output
    assert json.loads(done.stdout)["runbook"] == CLEAR


def test_every_view_that_is_incomplete_is_in_the_json(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = View(items=(server("zoe"),), unknown="The hub leaves servers out.")
    monkeypatch.setattr(Scripted, "servers", lambda _self: hidden)
    ended, said = begin(well()).json()
    assert ended is Exit.UNKNOWN
    assert said["unknown"] == [{"part": "servers", "why": "The hub leaves servers out."}]
