"""``mayday diagnose`` prints what is wrong with a hub, and changes nothing."""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot import cli
from bot import diagnosis as command
from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.kubernetes import KubernetesCluster
from bot.config import load
from bot.diagnose import Finding, Severity
from bot.diagnose import found as found_module
from bot.diagnosis import Exit, diagnose
from bot.domain.hubs import Health
from bot.errors import RetryLater, UserError
from bot.runbook.site import Site
from bot.store import audit
from bot.store.engine import Store
from tests.support.hubs import NOW, PLACE, pod, route, server
from tests.support.scripted import Scripted, site
from tests.support.terminal import well

SLOW = Finding(
    rule="slow",
    key="hub",
    severity=Severity.WARNING,
    text="The hub is slow; token=Planted0123.",
    at=NOW - timedelta(minutes=3),
    evidence=("its event loop lags",),
)
BLIND = Finding(rule="nodes", key="", severity=Severity.UNKNOWN, text="No nodes today.")
NOTE = Finding(rule="rollout", key="hub", severity=Severity.NOTE, text="Rolled out.")


class Terminal:
    """What a person types and sees."""

    def __init__(self, url: str, place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = url
        self.said = ""
        self.findings: list[Finding] = []
        monkeypatch.setattr(command, "sites", lambda _config: {PLACE.hub: place})
        # No rule but these, and no part beside those of the scripted hub.
        monkeypatch.setattr(found_module, "diagnose", lambda _facts: self.findings)
        monkeypatch.setattr("bot.services.diagnose.MORE", frozenset())

    def run(
        self,
        hub: str = "datahub",
        *,
        as_json: bool = False,
        watch: bool = False,
        wait: Callable[[float], None] = lambda _seconds: None,
    ) -> Exit:
        shown = io.StringIO()
        ended = diagnose(
            load(overrides={"database": {"url": self.url}}),
            hub,
            as_json=as_json,
            watch=watch,
            out=Console(file=shown, width=80),
            wait=wait,
        )
        self.said = shown.getvalue()
        return ended

    def json(self) -> tuple[Exit, dict[str, Any]]:
        ended = self.run(as_json=True)
        return ended, json.loads(self.said)


Begin = Callable[..., Terminal]


@pytest.fixture
def begin(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    monkeypatch.chdir(tmp_path)

    def make(party: Scripted, *findings: Finding) -> Terminal:
        terminal = Terminal(sqlite_url, site(party), monkeypatch)
        terminal.findings = list(findings)
        return terminal

    return make


def unrouted() -> Scripted:
    return Scripted(
        records=[server("ana"), server("zoe")],
        live=[pod("ana"), pod("zoe")],
        known=[route("zoe")],
    )


@pytest.mark.parametrize(
    ("party", "findings", "ended"),
    [
        (well(), [], Exit.WELL),
        (well(), [NOTE], Exit.WELL),
        (well(), [SLOW], Exit.WRONG),
        (well(), [BLIND], Exit.UNKNOWN),
        (well(), [BLIND, SLOW], Exit.WRONG),
        (unrouted(), [], Exit.WRONG),
        (Scripted(told=Health(hub=False, proxy=True)), [], Exit.WRONG),
        (Scripted(fails={"routes": UserError("No.")}), [], Exit.UNKNOWN),
        (Scripted(fails={"look": RetryLater("No.")}), [], Exit.UNKNOWN),
    ],
)
def test_the_exit_code_is_the_verdict(
    begin: Begin, party: Scripted, findings: list[Finding], ended: Exit
) -> None:
    assert begin(party, *findings).run() is ended
    assert [int(code) for code in Exit] == [0, 1, 4]


def test_it_prints_the_headline_first_then_everything(begin: Begin) -> None:
    terminal = begin(unrouted(), SLOW, BLIND)
    terminal.run()
    lines = [line.rstrip() for line in terminal.said.splitlines()]
    assert lines[0].startswith(" WRONG ")
    assert "teaching / datahub-prod / datahub" in terminal.said
    assert "1 route missing, work is safe" in terminal.said
    assert "  WARNING 2026-11-22 11:57:00 UTC: The hub is slow; token=[redacted]" in lines
    assert "      its event loop lags" in lines
    assert "  No nodes today." in lines
    assert "Planted" not in terminal.said


def test_json_steers_no_terminal(begin: Begin) -> None:
    """JSON leaves C1 controls such as CSI and marks of direction as they are."""
    ended, said = (terminal := begin(unrouted(), replace(SLOW, text="a\x9b2J\u202e\x7f."))).json()
    assert ended is Exit.WRONG
    assert said["findings"][0]["text"] == "a\x9b2J\u202e\x7f."
    assert all(char.isprintable() or char == "\n" for char in terminal.said)


def test_json_has_everything_for_programs(begin: Begin) -> None:
    ended, said = begin(unrouted(), SLOW).json()
    assert ended is Exit.WRONG
    assert said["place"] == {"cluster": "teaching", "namespace": "datahub-prod", "hub": "datahub"}
    assert said["servers"] == {
        "ready": 2,
        "routes": 1,
        "unrouted": 1,
        "conditions": {"ok": 1, "unrouted": 1},
    }
    assert (said["verdict"], said["diagnosis"], said["unknown"]) == ("wrong", "routes_missing", [])
    assert [(row["user"], row["condition"], row["pod"]) for row in said["rows"]] == [
        ("ana", "unrouted", "jupyter-ana")
    ]
    (finding,) = said["findings"]
    assert (finding["rule"], finding["severity"], finding["at"]) == (
        "slow",
        "warning",
        "2026-11-22T11:57:00Z",
    )
    assert said["headline"]


def test_a_hub_that_does_not_exist_is_refused_with_the_known_ones(begin: Begin) -> None:
    with pytest.raises(UserError, match=r"no hub “datahb”\. Known: datahub\."):
        begin(well()).run("datahb")


def test_watching_prints_what_changes_until_ctrl_c(begin: Begin) -> None:
    party = well()
    terminal = begin(party)
    ticks: Iterator[int] = iter(range(9))

    def wait(_seconds: float) -> None:
        match next(ticks):
            case 0:
                party.known.clear()
                terminal.findings = [SLOW]
            case 1:
                pass
            case 2:
                party.known.append(route("zoe"))
                terminal.findings = []
            case _:
                raise KeyboardInterrupt

    assert terminal.run(watch=True, wait=wait) is Exit.WELL
    said = [line[9:] for line in terminal.said.splitlines() if line[2:3] == ":"]
    assert said.count("0 → 1 route missing, work is safe") == 1
    assert said.count("1 → 0 route missing, work is safe") == 1
    assert [line for line in said if line.startswith(("new", "gone"))] == [
        "new: The hub is slow; token=[redacted]",
        "gone: The hub is slow; token=[redacted]",
    ]


def test_it_is_recorded_in_the_audit_log(begin: Begin) -> None:
    terminal = begin(unrouted(), SLOW)
    terminal.run()
    store = Store(terminal.url)
    with store.read() as tx:
        (line,) = [each.line for each in audit.latest(tx, limit=9)]
    store.close()
    assert (line.act, line.target, line.after) == (
        "diagnose",
        "hub/datahub",
        {"verdict": "wrong", "rules": ["slow"]},
    )
    assert line.actor.startswith("terminal:")


def test_parties_that_never_answer_are_unknown_within_three_seconds(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hub and cluster accept connections and say nothing."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=64)
    address = f"http://127.0.0.1:{silent.getsockname()[1]}"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "clusters": [{"name": "c", "cluster": {"server": address}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "c",
            }
        )
    )
    hub = JupyterHub(
        name="datahub", url=f"{address}/", api_url=f"{address}/hub/api", token="t", timeout=10
    )
    cluster = KubernetesCluster(
        name="practice",
        kubeconfig=str(kubeconfig),
        context="c",
        server=address,
        timeout=10,
        allow_insecure=True,
    )
    terminal = Terminal(sqlite_url, Site(place=PLACE, hub=hub, cluster=cluster), monkeypatch)
    terminal.run()  # libraries are imported at their first use
    began = time.monotonic()
    assert terminal.run() is Exit.UNKNOWN
    assert time.monotonic() - began < 3
    assert "Not known:" in terminal.said
    silent.close()


def test_a_database_that_never_answers_delays_no_diagnosis_for_long(begin: Begin) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        terminal = begin(unrouted())
        terminal.url = f"postgresql://mayday@127.0.0.1:{silent.getsockname()[1]}/mayday"
        begun = time.monotonic()
        assert terminal.run() is Exit.WRONG
        assert time.monotonic() - begun < 7  # diagnosing, and recording it after the answer
    assert "1 route missing, work is safe" in terminal.said


def test_the_command_ends_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool, bool]] = []

    def make(_config: object, hub: str, *, as_json: bool, watch: bool, out: Console) -> Exit:
        asked.append((hub, as_json, watch))
        return Exit.UNKNOWN

    monkeypatch.setattr(cli, "make_diagnosis", make)
    ended = CliRunner().invoke(cli.app, ["diagnose", "datahub", "--json", "--watch"])
    assert (ended.exit_code, asked) == (4, [("datahub", True, True)])
