"""Configuration: one file, environment overrides, errors that name the key without its value."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from bot import logs
from bot.bootstrap import Bot
from bot.config import Config, load
from bot.errors import ConfigError

SECRET = "xoxb-0123456789-verysecret"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the host's configuration file and variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAYDAY_CONFIG", raising=False)


def write(text: str) -> Path:
    """A mayday.yaml."""
    file = Path("mayday.yaml")
    file.write_text(text, encoding="utf-8")
    return file


def refused(text: str) -> str:
    """The error message for an invalid file."""
    with pytest.raises(ConfigError) as told:
        load(write(text))
    said = str(told.value)
    assert "\n" not in said
    assert "Traceback" not in said
    assert told.value.__cause__ is None
    return said


def test_without_anything_there_are_defaults() -> None:
    config = load()
    assert not config.has_slack
    assert [s.name for s in config.incident.severities] == ["sev1", "sev2", "sev3"]
    assert config.incident.severities[0].interval == timedelta(minutes=15)
    assert config.incident.statuses[-2:] == ("resolved", "closed")
    assert [role.name for role in config.incident.roles] == [
        "commander",
        "communications",
        "scribe",
    ]
    assert config.runbooks.allow.users == config.runbooks.allow.groups == ()
    assert not config.practice.open_to_all


def test_the_file_here_is_read() -> None:
    write("report:\n  timezone: America/Los_Angeles\n")
    assert load().report.zone.key == "America/Los_Angeles"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write("slack:\n  announce_channel: '#from-file'\n  api_url: http://127.0.0.1:1/api\n")
    monkeypatch.setenv("MAYDAY_SLACK__ANNOUNCE_CHANNEL", "#from-environment")
    config = load()
    assert config.slack.announce_channel == "#from-environment"
    assert config.slack.api_url == "http://127.0.0.1:1/api/", "the file's other values stay"


def test_lists_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_RUNBOOKS__ALLOW__USERS", '["U0ANA", "U0BEN"]')
    monkeypatch.setenv(
        "MAYDAY_CLUSTERS",
        '[{"name": "teaching", "kubeconfig": "k", "context": "c", "server": "https://c"}]',
    )
    config = load()
    assert config.runbooks.allow.users == ("U0ANA", "U0BEN")
    assert config.clusters[0].name == "teaching"


@pytest.mark.parametrize("variable", ["MAYDAY_HUBS", "MAYDAY_ACCESS__GUESTS"])
def test_a_list_that_is_no_json_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"datahub {SECRET}")
    with pytest.raises(ConfigError, match=f"{variable} in the environment") as told:
        load()
    assert "JSON" in str(told.value)
    assert SECRET not in str(told.value)


def test_a_section_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the token, mayday would start the sandbox instead of Slack."""
    monkeypatch.setenv("MAYDAY_PORT_8080_TCP", "tcp://10.0.0.1:8080")
    load()
    monkeypatch.setenv("MAYDAY_SLAK__BOT_TOKEN", SECRET)
    with pytest.raises(ConfigError, match=r"MAYDAY_SLAK__BOT_TOKEN.* no section “slak”") as told:
        load()
    assert SECRET not in str(told.value)


MANY = ", ".join(f"w{number}" for number in range(101))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("slack:\n  bot_tokn: xoxb-1\n", "slack.bot_tokn: there is no such key"),
        ("slak: {}\n", "slak: there is no such key"),
        ("slack:\n  mode: pigeon\n", "slack.mode: write 'socket' or 'http'"),
        ("record:\n  keep_deleted: perhaps\n", "record.keep_deleted: write true or false"),
        ("access:\n  admins: {users: [ana]}\n", "access.admins.users: write each as the id"),
        ("access:\n  approvers: {groups: [oncall]}\n", "access.approvers.groups: write each as"),
        ("runbooks:\n  allow: {users: [S1]}\n", "runbooks.allow.users: write each as the id"),
        ("access:\n  guests: [approve]\n", "access.guests: use only assign, change, close"),
        ("access:\n  restrict: {cloze: [admin]}\n", "access.restrict: use only assign, change"),
        ("access:\n  restrict: {close: [boss]}\n", "access.restrict.close.0: write 'role_holder'"),
        ("access:\n  restrict: {close: admin}\n", "access.restrict.close: write it as a list"),
        ("http:\n  port: 99999\n", "http.port"),
        ("http:\n  port: eighty\n", "http.port"),
        ("report:\n  timezone: Mars/Olympus\n", "report.timezone: use an IANA name"),
        ("report:\n  timezone: ''\n", "report.timezone: use an IANA name"),
        ("report:\n  form: novel\n", "report.form"),
        ("github:\n  repository: justname\n", "github.repository: write it as owner/name"),
        ("incident:\n  statuses: [open]\n", "incident.statuses"),
        ("incident:\n  roles: []\n", "incident.roles: list at least one"),
        ("incident:\n  channel_name: 'inc-{nope}'\n", "incident.channel_name"),
        ("incident:\n  severities: [{name: s, reminder_minutes: 0}]\n", "reminder_minutes"),
        ("incident:\n  reactions: {tada: joy}\n", "incident.reactions.tada"),
        ("hubs: [{name: h}]\n", "hubs.0.url"),
        (
            "hubs: [{name: h, url: https://u, api_url: http://a, api_token: t, cluster: c, "
            "namespace: n}]\n",
            "there is no cluster “c”",
        ),
        ("clusters: [{name: c}, {name: c}]\n", "clusters: two have the same name"),
        ("slack: [1, 2]\n", "slack: write keys and values under it"),
        ("slack:\n  announce_channel: #incidents\n", "announce_channel: write text, in quotes"),
        ("slack:\n  1: x\n", "slack.1: there is no such key"),
        ("slack:\n  api_url: slack.com\n", "slack.api_url: write the whole address"),
        ("slack:\n  bot_token: xoxb-…\n", "slack.bot_token: it has invalid characters"),
        ('slack:\n  app_token: "xapp-1\\nxapp-2"\n', "slack.app_token: it has invalid characters"),
        ("github:\n  token: ghp_…\n", "github.token: it has invalid characters"),
        ("github:\n  api_url: github.com\n", "github.api_url: write the whole address"),
        ("hubs: {}\n", "hubs: write it as a list"),
        ("hubs: [{name: h, url: u}]\n", "hubs.0.url: write the whole address"),
        ("hubs: [{name: h, api_token: ''}]\n", "hubs.0.api_token: it is empty"),
        ("hubs: [{name: h}]\n", "hubs.0.api_token: it is missing"),
        ("incident:\n  channel_name: 'inc-{date.year}'\n", "incident.channel_name: use {date}"),
        ("incident:\n  channel_name: 'incident'\n", "incident.channel_name: use {date}"),
        (
            "incident:\n  roles: [incident commander]\n",
            "incident.roles.0.name: write it as one word",
        ),
        ("incident:\n  roles: [scribe, Scribe]\n", "incident.roles: two are the same"),
        ("incident:\n  invite: [{severity: [sev1]}]\n", "incident.invite.0: name users, groups or"),
        (
            "incident:\n  invite: [{users: [ana]}]\n",
            "incident.invite.0.users: write each as the id",
        ),
        (
            "incident:\n  invite: [{users: [U1], severity: [sev9]}]\n",
            "incident: invite.severity: there is no severity sev9",
        ),
        (
            "incident:\n  invite: [{users: [U1], hubs: [lab]}]\n",
            "incident.invite.hubs: there is no hub lab",
        ),
        (
            "incident:\n  invite: [{on_call: [night]}]\n",
            "incident.invite.on_call: there is no schedule night",
        ),
        (
            "incident:\n  invite: [{users: [U1], role: scribe}]\n",
            "incident.invite.0: a role is for who is on call",
        ),
        ("on_call: [{name: a}]\n", "on_call.0: set either ical or pagerduty"),
        ("on_call: [{name: a, ical: x, pagerduty: P}]\n", "on_call.0: set either ical or"),
        ("on_call: [{name: a, pagerduty: P}]\n", "on_call: a: a schedule of PagerDuty needs"),
        ("on_call: [{name: a, ical: x, people: {Ana: ana}}]\n", "on_call.0.people: write each as"),
        ("on_call: [{name: a, ical: x}, {name: a, ical: y}]\n", "on_call: two have the same name"),
        (
            "incident:\n  business_hours: {severities: [sev9]}\n",
            "incident: business_hours.severities: there is no severity sev9",
        ),
        (
            "incident:\n  business_hours: {severities: [sev3], hours: 17-9}\n",
            "incident.business_hours.hours: write hours such as 09:00-17:00",
        ),
        (
            "incident:\n  business_hours: {severities: [sev3], hours: '17:00-09:00'}\n",
            "incident.business_hours.hours: write hours such as",
        ),
        (
            "incident:\n  business_hours: {severities: [sev3], timezone: Mars}\n",
            "incident.business_hours.timezone: use an IANA name",
        ),
        (
            "incident:\n  roles: [{name: a, leads: true}, {name: b, leads: true}]\n",
            "incident.roles: set leads for one role only",
        ),
        ("incident:\n  statuses: [a b, resolved, closed]\n", "incident.statuses.0: write it as"),
        (
            "incident:\n  severities: [{name: s, reminder_minutes: 1}, {name: s, reminder_minutes: 2}]\n",
            "incident.severities: two are the same",
        ),
        ("incident:\n  action_groups: ['']\n", "incident.action_groups.0: write it in 1 to 75"),
        ("hubs: [{name: ''}]\n", "hubs.0.name: write it as one word of at most 75 characters"),
        (f"hubs: [{{name: {'h' * 160}}}]\n", "hubs.0.name: write it as one word of at most 75"),
        ("hubs: [{core_nodes: core}]\n", "hubs.0.core_nodes: write keys and values under it"),
        ("hubs: [{core_nodes: {pool: true}}]\n", "hubs.0.core_nodes.pool: write text"),
        ("hubs: [{core_nodes: {pool=core: x}}]\n", "hubs.0.core_nodes: write labels as Kubernetes"),
        ("hubs: [{core_nodes: {pool: a b}}]\n", "hubs.0.core_nodes: write labels as Kubernetes"),
        (f"incident:\n  roles: [{MANY}]\n", "incident.roles: list at most 100"),
        (f"incident:\n  statuses: [{MANY}, resolved, closed]\n", "incident.statuses: list at most"),
        (f"incident:\n  action_groups: [{MANY}]\n", "incident.action_groups: list at most 100"),
        (
            "incident:\n  severities: "
            f"[{', '.join(f'{{name: s{n}, reminder_minutes: 1}}' for n in range(101))}]\n",
            "incident.severities: list at most 100",
        ),
        (
            f"incident:\n  channel_name: '{'x' * 51}-{{date}}-{{slug}}'\n",
            "incident.channel_name: write it in at most 60 characters without {slug}",
        ),
        ("incident:\n  reactions: {memo: wrong, pencil: lucky}\n", "have different headings"),
        ("incident:\n  reactions: {🔥: wrong}\n", "write the emoji's name in Slack"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(text: str, key: str) -> None:
    assert key in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "slack: {bot_token: [unclosed\n",
        "\tslack: x\n",
        "- just\n- a list\n",
        "just text\n",
        "1: x\n",
        "? [a]\n: b\n",
    ],
)
def test_what_is_no_configuration_names_the_file(text: str) -> None:
    assert "mayday.yaml" in refused(text)


def test_a_file_of_other_bytes_names_itself() -> None:
    Path("mayday.yaml").write_bytes(b"slack: \xff\xfe\n")
    with pytest.raises(ConfigError, match=r"mayday\.yaml"):
        load()


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"There is no file other\.yaml"):
        load(Path("other.yaml"))


def test_a_file_that_the_environment_names_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped mount must not start the sandbox."""
    monkeypatch.setenv("MAYDAY_CONFIG", "/etc/mayday/mistyped.yaml")
    with pytest.raises(ConfigError, match=r"There is no file /etc/mayday/mistyped\.yaml"):
        load()


def test_a_directory_is_no_file() -> None:
    Path("mayday.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"mayday\.yaml is a directory"):
        load()


def test_a_file_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write("report: {}\n")

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuses)
    with pytest.raises(ConfigError, match=r"mayday\.yaml cannot be read \(Permission denied\)"):
        load()


def test_a_token_loses_the_line_end_that_files_bring() -> None:
    config = load(overrides={"slack": {"bot_token": f"{SECRET}\n"}})
    assert config.slack.bot_token is not None
    assert config.slack.bot_token.get_secret_value() == SECRET


@pytest.mark.parametrize("token", ["bot_token", "app_token", "signing_secret"])
def test_any_token_means_a_slack(token: str) -> None:
    """A missing second token is an error. It does not start a sandbox."""
    assert load(overrides={"slack": {token: "given"}}).has_slack


def test_an_emoji_may_be_written_as_slack_shows_it() -> None:
    config = load(overrides={"incident": {"reactions": {":fire:": "wrong"}}})
    assert list(config.incident.reactions) == ["fire"]


def test_reactions_of_the_teams_own_take_the_place_of_the_usual_ones() -> None:
    """Otherwise a team could not remove a default emoji."""
    write("incident:\n  reactions: {boom: wrong, pushpin: timeline}\n")
    assert list(load().incident.reactions) == ["boom", "pushpin"]


@pytest.mark.parametrize(
    "text",
    [
        f"slack:\n  bot_token: [{SECRET}]\n",
        f"slack:\n  bot_token: {SECRET}\n  mode: pigeon\n",
        f"github:\n  token: {{a: {SECRET}}}\n",
        f"slack:\n  mode: {SECRET}\n",
        f"database:\n  url: [{SECRET}]\n",
        f"{SECRET}: 1\nslack: {SECRET}\n",
    ],
)
def test_errors_show_no_value(text: str) -> None:
    said = refused(text)
    assert SECRET not in said.replace(f"{SECRET}: there is no such key", "")


def test_secrets_are_in_no_repr() -> None:
    config = load(
        overrides={
            "slack": {"bot_token": SECRET, "app_token": SECRET, "signing_secret": SECRET},
            "github": {"token": SECRET, "private_key": SECRET},
            "database": {"url": f"postgresql://ana:{SECRET}@127.0.0.1/x"},
            "clusters": [{"name": "c"}],
            "hubs": [
                {
                    "name": "h",
                    "url": "https://u",
                    "api_url": "http://a",
                    "api_token": SECRET,
                    "cluster": "c",
                    "namespace": "n",
                }
            ],
        }
    )
    for shown in (repr(config), str(config), config.model_dump_json(), repr(config.hubs)):
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("slack", "key"),
    [
        ({"app_token": "xapp-1"}, "slack.bot_token is missing"),
        ({"bot_token": "xoxb-1"}, "slack.app_token is missing"),
        ({"bot_token": "   ", "app_token": "xapp-1"}, "slack.bot_token is missing"),
        ({"bot_token": "xoxb-1", "mode": "http"}, "slack.signing_secret is missing"),
    ],
)
def test_missing_tokens_are_named_before_anything_is_opened(
    slack: dict[str, str], key: str, sqlite_url: str, tmp_path: Path
) -> None:
    config: Config = load(overrides={"slack": slack, "database": {"url": sqlite_url}})
    with pytest.raises(ConfigError, match=key):
        Bot(config)
    assert not list(tmp_path.glob("*.db*"))


def test_logs_mask_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    root = logging.getLogger()
    # pytest's handlers would look like an existing logging set-up.
    handlers, root.handlers = root.handlers, []
    try:
        logs.configure()
        structlog.get_logger().error("slack.failed", token=SECRET, text=f"got {SECRET}, sorry")
        logging.getLogger("elsewhere").error("failed with %s", SECRET)
        try:
            raise ValueError(SECRET)
        except ValueError:
            structlog.get_logger().exception("boom")
            logging.getLogger("elsewhere").exception("bang")
    finally:
        structlog.configure(**before)
        root.handlers = handlers
    shown = capsys.readouterr()
    assert "slack.failed" in shown.err
    assert "boom" in shown.err and "bang" in shown.err
    assert "verysecret" not in shown.err + shown.out
