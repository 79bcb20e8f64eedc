"""The README's tables, examples and pictures match the code."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tomllib
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.adapters.jupyterhub import JupyterHub
from bot.config import Config, load
from bot.domain.endings import end
from bot.domain.incident import CLOSED, Ending, Incident, Policy, change_status, close, reopen
from bot.domain.incident import Answers as CloseAnswers
from bot.errors import UserError
from bot.ports import Started, Stopped
from bot.render.commands import COMMANDS
from bot.runbook import Runbook
from bot.slack.scopes import required_scopes
from sandbox.hub import HubSandbox, running
from tests.support.books import RUNBOOKS
from tests.support.conditions import readme_rows
from tests.support.hubs import evicted, facts, healthy

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(first: str) -> list[list[str]]:
    """The rows of the table whose first heading is this."""
    lines = README.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def block(language: str, containing: str) -> str:
    """The one example in this language that contains a text."""
    fences = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    (found,) = [text for text in fences if containing in text]
    return str(found)


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of the configuration, those of list items behind ``[]``."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}.")
            continue
        yield prefix + name, field
        for part in typing.get_args(kind):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from keys(part, f"{prefix}{name}[].")


def default(key: str, field: FieldInfo) -> str:
    """A default as the table writes it."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if key == "incident.reactions":
        return "the table above"
    if key in ("incident.severities", "incident.roles"):
        return ", ".join(f"`{item.name}`" for item in value)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return "none"
    if isinstance(value, tuple):
        return f"`{json.dumps(list(value))}`"
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`"


def test_the_table_of_conditions_is_that_of_the_classifier() -> None:
    """``tests/domain/test_classifier.py`` classifies each row."""
    assert table("hub says") == readme_rows()


def test_every_key_of_the_configuration_is_listed_with_its_default() -> None:
    told = {quoted(key)[0]: plain for key, plain, _env, _meaning in table("key")}
    assert told == {key: default(key, field) for key, field in keys(Config)}


def test_every_key_can_be_given_in_the_environment_under_the_name_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MAYDAY_")]:
        monkeypatch.delenv(name)
    fields = dict(keys(Config))
    named = {quoted(key)[0]: quoted(env) for key, _plain, env, _meaning in table("key")}
    assert {key for key, env in named.items() if not env} == {k for k in fields if "[]" in k}
    for key, env in named.items():
        if env:
            assert env == [f"MAYDAY_{key.replace('.', '__').upper()}"]
    given = {
        "MAYDAY_SLACK__BOT_TOKEN": "xoxb-told",
        "MAYDAY_HTTP__PORT": "9999",
        "MAYDAY_RUNBOOKS__ALLOW__GROUPS": '["S1"]',
        "MAYDAY_INCIDENT__SEVERITIES": '[{"name": "p1", "reminder_minutes": 5}]',
        "MAYDAY_CLUSTERS": '[{"name": "teaching"}]',
    }
    assert set(given) <= {name for env in named.values() for name in env}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    config = load()
    assert config.slack.bot_token == SecretStr("xoxb-told")
    assert config.http.port == 9999
    assert config.runbooks.allow.groups == ("S1",)
    assert [severity.name for severity in config.incident.severities] == ["p1"]
    assert [cluster.name for cluster in config.clusters] == ["teaching"]


def test_the_example_of_the_configuration_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "mayday.yaml"
    file.write_text(block("yaml", "bot_token:"), encoding="utf-8")
    config = load(file)
    assert config.has_slack
    assert [hub.name for hub in config.hubs] == ["datahub"]
    assert config.report.zone.key == "America/Los_Angeles"


def test_every_threat_has_tests_that_exist() -> None:
    told = {threat: quoted(tests) for threat, _what, tests in table("threat")}
    assert all(told.values())
    for test in {test for tests in told.values() for test in tests}:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}, test


def test_every_command_is_listed_as_it_is_typed() -> None:
    assert [quoted(row[0])[0] for row in table("`/incident …`")] == [
        command.usage for command in COMMANDS.values()
    ]
    for row in table("`/incident …`"):
        for example in quoted(row[1]):
            assert example.split()[0] == quoted(row[0])[0].split()[0]


def test_the_reactions_are_the_default_ones() -> None:
    told = [quoted(row[0])[0].strip(":") for row in table("emoji")]
    assert told == list(Config.model_fields["incident"].default.reactions)


def test_the_shortcuts_are_those_of_the_manifest() -> None:
    text = (ROOT / "bot/slack/manifest.yaml").read_text(encoding="utf-8")
    offered = yaml.safe_load(text)["features"]["shortcuts"]
    assert [row[0] for row in table("shortcut")] == [item["name"] for item in offered]


def test_every_scope_is_explained() -> None:
    told = [scope for row in table("scope") for scope in quoted(row[0])]
    assert sorted(told) == sorted(required_scopes())


def test_the_runbooks_are_those_on_offer() -> None:
    assert [quoted(row[0])[0] for row in table("runbook")] == [book.name for book in RUNBOOKS]


def test_the_example_of_a_runbook_is_one() -> None:
    made: dict[str, Any] = {}
    exec(compile(block("python", "resync_routes"), "README.md", "exec"), made)
    book = made["resync_routes"]
    assert isinstance(book, Runbook)
    assert [step.verb for step in book.plan(evicted("ana", "ben")).steps] == ["resync_routes"]
    again = book.plan(healthy("ana", "ben"))
    assert (again.steps, bool(again.nothing_to_do)) == ((), True)
    assert book.plan(facts(routes=None)).undecided


def test_the_state_diagram_is_what_the_verbs_allow() -> None:
    edges = set(re.findall(r"^    (\w+) --> (\w+)", block("mermaid", "stateDiagram"), re.MULTILINE))
    policy = Policy(
        severities=("sev1",),
        statuses=Config.model_fields["incident"].default.statuses,
        roles=("commander",),
    )
    assert {state for edge in edges for state in edge} == set(policy.statuses)
    for before, after in edges:
        incident = _incident(before)
        assert _moved(incident, after, policy).status == after
    for state in policy.open_statuses:
        with pytest.raises(UserError):
            close(_incident(state), CloseAnswers(), summary="", at=_NOW)


_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _incident(status: str) -> Incident:
    return Incident(
        id="i",
        team_id="T",
        title="t",
        severity="sev1",
        status=status,
        summary="",
        private=False,
        hubs=(),
        declared_by="U",
        declared_at=_NOW,
        channel_name="inc",
        closed_at=_NOW if status == CLOSED else None,
    )


def _moved(incident: Incident, after: str, policy: Policy) -> Incident:
    if after == CLOSED and incident.is_open:
        return end(incident, Ending.CANCELLED, at=_NOW).incident
    if after == CLOSED:
        return close(incident, CloseAnswers(), summary="", at=_NOW).incident
    if not incident.is_open:
        return reopen(incident, policy=policy).incident
    return change_status(incident, after, policy=policy, at=_NOW).incident


def test_the_picture_of_the_imports_is_the_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [c["layers"] for c in contracts if c["type"] == "layers"]
    assert block("text", "audit | catalogue | check | ").splitlines() == [
        layer.replace("bot.", "") for layer in layers
    ]


def test_the_scopes_of_the_hub_are_enough_for_what_runbooks_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if sys.platform != "linux":
        pytest.skip("KubeSpawner runs on Linux only")
    c = SimpleNamespace(JupyterHub=SimpleNamespace())
    exec(compile(block("python", "load_roles"), "README.md", "exec"), {"c": c})
    (role,), (service,) = c.JupyterHub.load_roles, c.JupyterHub.services
    assert role["services"] == [service["name"]]
    monkeypatch.setattr(running, "BOT_SCOPES", role["scopes"])
    with HubSandbox(directory=tmp_path / "hub", users=("ana",)) as sandbox:
        sandbox.start_servers()
        hub = JupyterHub(
            name="datahub", url=sandbox.url, api_url=sandbox.api_url, token=sandbox.api_token
        )
        try:
            seen = hub.servers()
            assert [server.user for server in seen.items if server.last_activity] == ["ana"]
            assert seen.complete
            assert {"list:users", "read:servers", "proxy"} <= hub.access().scopes
            assert (hub.knows("ana"), hub.knows("nobody")) == (True, False)
            assert [route.user for route in hub.routes()] == ["ana"]
            hub.resync_routes()
            assert hub.server("ana", "") is not None
            assert hub.stop_server("ana", "") is Stopped.GONE
            assert hub.start_server("ana", "") in Started
        finally:
            hub.close()
