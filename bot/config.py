"""The configuration: ``mayday.yaml``, and environment variables such as ``MAYDAY_SECTION__KEY``.

The environment overrides the file. Secrets are ``SecretStr`` and appear in no repr, log or error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)

from bot import config_messages as messages
from bot.config_access import Access
from bot.config_hubs import Cluster, Hub
from bot.config_incident import Incident
from bot.config_items import ActionItems
from bot.config_notify import Communication
from bot.config_on_call import OnCall, PagerDuty
from bot.config_report import Guard, ReportTarget
from bot.config_runbooks import Runbooks
from bot.config_safety import Security, problems
from bot.config_types import (
    Address,
    CommandName,
    OptionalToken,
    RepositoryName,
    Section,
    require_zone,
    same_but_case,
)
from bot.domain.command import USUAL
from bot.domain.limits import Limits
from bot.errors import ConfigError
from bot.forms import Forms

DEFAULT_FILE = Path("mayday.yaml")


class Slack(Section):
    """The connection to Slack. ``api_url`` is for test doubles; don't set it for the real Slack."""

    bot_token: OptionalToken = None
    app_token: OptionalToken = None
    signing_secret: OptionalToken = None
    mode: Literal["socket", "http"] = "socket"
    api_url: Address = "https://slack.com/api/"
    command: CommandName = USUAL
    announce_channel: str = ""
    operator_channel: str = ""

    @field_validator("api_url")
    @classmethod
    def _ends_in_slash(cls, value: str) -> str:
        return value if value.endswith("/") else f"{value}/"


class Database(Section):
    """The database: a SQLite file or PostgreSQL, as an SQLAlchemy URL."""

    url: SecretStr = SecretStr("sqlite:///.mayday/mayday.db")


class GitHub(Section):
    """The repository for reports; without ``repository`` they are only written to the folder.

    Set either ``token``, or ``app_id``, ``private_key`` and ``installation_id`` of a GitHub App.
    """

    token: OptionalToken = None
    app_id: int | None = None
    private_key: SecretStr | None = None
    installation_id: int | None = None
    api_url: Address = "https://api.github.com"
    repository: RepositoryName = ""
    labels: tuple[str, ...] = ("incident",)
    item_labels: tuple[str, ...] = ("incident-action-item",)
    assignees: tuple[str, ...] = ()
    former_accounts: tuple[str, ...] = ()
    webhook_secret: OptionalToken = None


class Report(Section):
    """The form, folder and targets of reports. ``timezone`` is the IANA name of the team's zone.

    ``forms`` is a directory with a folder for each of the team's own forms. ``date_order`` is the order of
    typed days such as 01/21/2022; without it they aren't read. With ``file_drills`` the reports of drills go
    to all targets, not only to the folder.
    """

    directory: Path = Path("reports")
    forms: Path | None = None
    form: str = "datahub-2024"
    targets: tuple[ReportTarget, ...] = ()
    timezone: str = "UTC"
    date_order: Literal["", "mdy", "dmy"] = ""
    file_drills: bool = False
    guard: Guard = Guard()

    @field_validator("form", mode="before")
    @classmethod
    def _form_as_text(cls, value: Any) -> Any:
        return str(value)

    @field_validator("forms")
    @classmethod
    def _forms_can_be_read(cls, value: Path | None) -> Path | None:
        try:
            Forms.read(value)
        except ConfigError as exc:
            raise ValueError(str(exc).rstrip(".")) from None
        return value

    @field_validator("form")
    @classmethod
    def _form_exists(cls, value: str, info: ValidationInfo) -> str:
        if "forms" in info.data:
            try:
                Forms.read(info.data["forms"]).get(value)
            except ConfigError as exc:
                raise ValueError(str(exc).rstrip(".")) from None
        return value

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return require_zone(value)

    @property
    def zone(self) -> ZoneInfo:
        """The team's zone."""
        return ZoneInfo(self.timezone)


class Record(Section):
    """What mayday's database keeps. ``keep_deleted``: what deleted messages said, which is shown nowhere."""

    keep_deleted: bool = False


class Http(Section):
    """The address for health checks, and for Slack in ``http`` mode."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Practice(Section):
    """For drills and tests only. ``clock_file`` has the offset of the domain's clock from real time.

    ``call_limit`` and ``lease`` are shorter time limits, in seconds; see :class:`bot.domain.limits.Limits`.
    """

    clock_file: Path | None = None
    open_to_all: bool = False
    call_limit: float = Field(default=Limits.call, gt=0, le=Limits.call)
    lease: float = Field(default=Limits.lease, gt=0, le=Limits.lease)


class Config(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix="MAYDAY_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    slack: Slack = Slack()
    database: Database = Database()
    github: GitHub = GitHub()
    report: Report = Report()
    incident: Incident = Incident()
    action_items: ActionItems = ActionItems()
    communication: Communication = Communication()
    record: Record = Record()
    runbooks: Runbooks = Runbooks()
    access: Access = Access()
    on_call: tuple[OnCall, ...] = ()
    pagerduty: PagerDuty = PagerDuty()
    hubs: tuple[Hub, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    http: Http = Http()
    security: Security = Security()
    practice: Practice = Practice()

    @model_validator(mode="after")
    def _hubs_name_clusters(self) -> Config:
        known = {cluster.name for cluster in self.clusters}
        for hub in self.hubs:
            if hub.cluster not in known:
                raise ValueError(messages.NO_CLUSTER.format(hub=hub.name, cluster=hub.cluster))
        for section, names in (
            ("hubs", [hub.name for hub in self.hubs]),
            ("clusters", [cluster.name for cluster in self.clusters]),
            ("on_call", [schedule.name for schedule in self.on_call]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(messages.SAME_NAME.format(section=section))
        if alike := same_but_case(hub.name for hub in self.hubs):
            raise ValueError(messages.SAME_BUT_CASE.format(names=alike))
        return self

    @model_validator(mode="after")
    def _audiences_are_known(self) -> Config:
        self.communication.require_known(self.incident.statuses, [hub.name for hub in self.hubs])
        return self

    @model_validator(mode="after")
    def _people_are_found(self) -> Config:
        hubs, schedules = {hub.name for hub in self.hubs}, {each.name for each in self.on_call}
        named = [
            (
                "incident.invite.hubs",
                "hub",
                [n for rule in self.incident.invite for n in rule.hubs],
            ),
            ("on_call.hubs", "hub", [name for each in self.on_call for name in each.hubs]),
            (
                "incident.invite.on_call",
                "schedule",
                [name for rule in self.incident.invite for name in rule.on_call],
            ),
        ]
        for key, what, names in named:
            if unknown := set(names) - (hubs if what == "hub" else schedules):
                listed = ", ".join(sorted(unknown))
                raise ValueError(messages.UNKNOWN_NAMES.format(key=key, what=what, names=listed))
        for each in self.on_call:
            if each.pagerduty and self.pagerduty.token is None:
                raise ValueError(messages.NO_PAGERDUTY.format(name=each.name))
        return self

    @model_validator(mode="after")
    def _targets_differ(self) -> Config:
        seen = set()
        for target in self.report.targets:
            repository = target.repository or self.github.repository
            if target.to != "folder" and not repository:
                raise ValueError(messages.TARGET_REPOSITORY.format(kind=target.to))
            place = "" if target.to == "folder" else repository.casefold()
            if (key := (target.to, target.form, place)) in seen:
                raise ValueError(messages.SAME_TARGET.format(kind=target.to))
            seen.add(key)
        return self

    @model_validator(mode="after")
    def _is_safe(self) -> Config:
        if found := list(problems(self)):
            raise ValueError("; ".join(found))
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources by priority: the environment, then the file chosen by ``load``."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)

    @property
    def has_slack(self) -> bool:
        """Whether any Slack token is set, even if others are missing."""
        slack = self.slack
        return any((slack.bot_token, slack.app_token, slack.signing_secret))


def load(file: Path | None = None, *, overrides: Mapping[str, Any] | None = None) -> Config:
    """Return the configuration. ``overrides``, by section, take precedence over environment and file.

    Raises:
        ConfigError: the text is one sentence that names the key and never shows a value.
    """
    named = file or (Path(chosen) if (chosen := os.environ.get("MAYDAY_CONFIG")) else None)
    path = named or DEFAULT_FILE
    if named is not None and not named.exists():
        raise ConfigError(messages.NO_FILE.format(file=named))
    if path.is_dir():
        raise ConfigError(messages.IS_A_DIRECTORY.format(file=path))

    for name in os.environ:
        section, nested, _ = name.removeprefix("MAYDAY_").partition("__")
        # Names with one underscore are ignored: Kubernetes sets them for a service named mayday.
        if name.startswith("MAYDAY_") and nested and section.lower() not in Config.model_fields:
            raise ConfigError(messages.NO_SECTION.format(variable=name, section=section.lower()))

    class _FromFile(Config):
        model_config = SettingsConfigDict(yaml_file=path, yaml_file_encoding="utf-8")

    try:
        return _FromFile(**(overrides or {}))
    except ValidationError as exc:
        raise ConfigError(messages.summary(exc, path)) from None
    except SettingsError as exc:
        # Its text names the section in quotes, and the class of the source.
        quoted = str(exc).split('"')[1:2]
        section = f"MAYDAY_{quoted[0].upper()}" if quoted else "MAYDAY_"
        set_ = sorted(name for name in os.environ if name.upper().startswith(section))
        raise ConfigError(messages.NOT_JSON.format(variable=" or ".join(set_) or section)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(messages.NOT_YAML.format(file=path, line=line)) from None
    except OSError as exc:
        text = messages.NOT_READABLE.format(file=path, reason=exc.strerror)
        raise ConfigError(text) from None
    except (AttributeError, TypeError, ValueError):
        raise ConfigError(messages.NOT_SECTIONS.format(file=path)) from None
