"""One file, ``mayday.yaml``, with every value also settable as ``MAYDAY_SECTION__KEY``.

The environment wins over the file. Secrets are ``SecretStr``: they show in no repr, log or error.
"""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
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

from bot.config_types import Address, EmojiName, OptionalToken, Token, Word, Words, different
from bot.domain.actions import DEFAULT_GROUPS
from bot.domain.incident import CLOSED, RESOLVED
from bot.domain.report import Form
from bot.domain.timeline import Heading
from bot.errors import ConfigError

DEFAULT_FILE = Path("mayday.yaml")
GROUP_LIMIT = 75
"""What Slack shows of a choice in a menu."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Slack(_Section):
    """How to reach Slack. ``api_url`` is for stand-ins; leave it alone for the real Slack."""

    bot_token: OptionalToken = None
    app_token: OptionalToken = None
    signing_secret: OptionalToken = None
    mode: Literal["socket", "http"] = "socket"
    api_url: Address = "https://slack.com/api/"
    announce_channel: str = ""

    @field_validator("api_url")
    @classmethod
    def _ends_in_slash(cls, value: str) -> str:
        return value if value.endswith("/") else f"{value}/"


class Database(_Section):
    """Where mayday keeps its rows: a SQLite file or PostgreSQL, as an SQLAlchemy URL."""

    url: SecretStr = SecretStr("sqlite:///.mayday/mayday.db")


class GitHub(_Section):
    """Where reports are filed; without ``repository`` they go to the folder alone.

    Either ``token``, or a GitHub App by ``app_id``, ``private_key`` and ``installation_id``.
    """

    token: OptionalToken = None
    app_id: int | None = None
    private_key: SecretStr | None = None
    installation_id: int | None = None
    api_url: Address = "https://api.github.com"
    repository: str = ""
    labels: tuple[str, ...] = ("incident",)
    item_labels: tuple[str, ...] = ("incident-action-item",)
    assignees: tuple[str, ...] = ()

    @field_validator("repository")
    @classmethod
    def _owner_and_name(cls, value: str) -> str:
        if value and (value.count("/") != 1 or not all(value.split("/"))):
            raise ValueError("write it as owner/name")
        return value


class Report(_Section):
    """How reports look and where they are put. ``timezone`` is an IANA name, the team's zone."""

    directory: Path = Path("reports")
    form: Form = Form.AFTER_ACTION
    timezone: str = "UTC"

    @field_validator("form", mode="before")
    @classmethod
    def _form_as_text(cls, value: Any) -> Any:
        return str(value)

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("use an IANA name such as America/Los_Angeles") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The team's zone."""
        return ZoneInfo(self.timezone)


class Severity(_Section):
    """A severity and how often an open incident of it is reminded to post an update."""

    name: Word
    description: str = ""
    reminder_minutes: float = Field(gt=0)

    @property
    def interval(self) -> timedelta:
        """Time between two reminders."""
        return timedelta(minutes=self.reminder_minutes)


class Incident(_Section):
    """The team's words: severities, statuses, roles, reactions, and how channels are named."""

    severities: tuple[Severity, ...] = (
        Severity(name="sev1", description="everyone is affected", reminder_minutes=15),
        Severity(name="sev2", description="many are affected", reminder_minutes=30),
        Severity(name="sev3", description="few are affected", reminder_minutes=60),
    )
    statuses: Words = ("investigating", "fixing", "monitoring", RESOLVED, CLOSED)
    roles: Words = ("commander", "communications", "scribe")
    reactions: dict[EmojiName, Heading] = Field(
        default_factory=lambda: {
            "pushpin": Heading.TIMELINE,
            "fire": Heading.WRONG,
            "four_leaf_clover": Heading.LUCKY,
            "wrench": Heading.ACTION,
            "memo": Heading.SUMMARY,
        }
    )
    action_groups: tuple[str, ...] = DEFAULT_GROUPS
    channel_name: str = "inc-{date}-{slug}"

    @field_validator("statuses")
    @classmethod
    def _has_both_ends(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value[-2:] != (RESOLVED, CLOSED) or len(value) < 3:
            raise ValueError("list at least one open status, then resolved, then closed")
        return value

    @field_validator("severities", "roles", "action_groups")
    @classmethod
    def _not_empty(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise ValueError("list at least one")
        return value

    @field_validator("severities")
    @classmethod
    def _told_apart(cls, value: tuple[Severity, ...]) -> tuple[Severity, ...]:
        different([severity.name for severity in value])
        return value

    @field_validator("action_groups")
    @classmethod
    def _fits_a_menu(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        different(value)
        if not all(name.strip() and len(name) <= GROUP_LIMIT for name in value):
            raise ValueError(f"write each in 1 to {GROUP_LIMIT} characters")
        return value

    @field_validator("channel_name")
    @classmethod
    def _known_fields(cls, value: str) -> str:
        try:
            fields = [part[1:] for part in string.Formatter().parse(value) if part[1] is not None]
        except ValueError:
            fields = []
        if not fields or any(
            part not in (("date", "", None), ("slug", "", None)) for part in fields
        ):
            raise ValueError("use {date} or {slug} or both in it, and no other placeholders")
        return value


class Allow(_Section):
    """Who may run runbooks: Slack user ids and user group ids."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Limit(_Section):
    """How many servers one plan may end unless the person names them: ``servers``, or ``percent`` of
    those that are ready, whichever is more."""

    servers: int = Field(default=10, ge=0)
    percent: int = Field(default=20, ge=0, le=100)


class Runbooks(_Section):
    """Permissions and limits of runbooks; nobody may run one until somebody is listed."""

    allow: Allow = Allow()
    limit: Limit = Limit()


class Hub(_Section):
    """A JupyterHub. ``url`` is the users' address, ``api_url`` the hub's own (it must not go by way
    of the proxy, which may be what is down), ``cluster`` a name under ``clusters``.

    ``release`` is the Helm release of its pods, where the hub's own pod does not tell; ``user_pods``
    ``complete`` says that every user's pod is in the namespace, also when none is seen there.
    ``start_timeout`` is the hub's own, in seconds; ``ca_bundle`` a PEM file of authorities beside the
    system's.
    """

    name: str
    url: Address
    api_url: Address
    api_token: Token
    cluster: str
    namespace: str
    release: str = ""
    user_pods: Literal["auto", "complete"] = "auto"
    start_timeout: float = Field(default=600, gt=0)
    proxy_deployment: str = "proxy"
    ca_bundle: Path | None = None


class Cluster(_Section):
    """A Kubernetes cluster: a kubeconfig's context (none means the pod's own service account).
    ``server``, where given, must be the context's address, so that a renamed context is noticed."""

    name: str
    kubeconfig: Path | None = None
    context: str = ""
    server: str = ""


class Http(_Section):
    """Where mayday listens for health checks, and for Slack in ``http`` mode."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Practice(_Section):
    """For drills only. ``clock_file`` holds by how much the domain's clock differs from real time."""

    clock_file: Path | None = None
    open_to_all: bool = False


class Config(BaseSettings):
    """All of ``mayday.yaml``."""

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
    runbooks: Runbooks = Runbooks()
    hubs: tuple[Hub, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    http: Http = Http()
    practice: Practice = Practice()

    @model_validator(mode="after")
    def _hubs_name_clusters(self) -> Config:
        known = {cluster.name for cluster in self.clusters}
        for hub in self.hubs:
            if hub.cluster not in known:
                raise ValueError(
                    f"hubs: {hub.name}: there is no cluster “{hub.cluster}” in clusters"
                )
        for what, names in (
            ("hubs", [hub.name for hub in self.hubs]),
            ("clusters", [cluster.name for cluster in self.clusters]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what}: two have the same name")
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
        """The environment, then the file named by ``load``."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)

    @property
    def has_slack(self) -> bool:
        """A Slack is meant: some token of one is given, if not yet all."""
        slack = self.slack
        return any((slack.bot_token, slack.app_token, slack.signing_secret))


def load(file: Path | None = None, *, overrides: Mapping[str, Any] | None = None) -> Config:
    """Read the configuration; ``overrides``, by section, win over the environment and the file.

    Raises:
        ConfigError: one sentence that names the key and never shows a value.
    """
    named = file or (Path(told) if (told := os.environ.get("MAYDAY_CONFIG")) else None)
    path = named or DEFAULT_FILE
    if named is not None and not named.exists():
        raise ConfigError(
            f"There is no file {named}: write it, or leave --config and MAYDAY_CONFIG away."
        )
    if path.is_dir():
        raise ConfigError(f"{path} is a directory: name the file itself.")

    for name in os.environ:
        section, nested, _ = name.removeprefix("MAYDAY_").partition("__")
        # One underscore is left alone: Kubernetes makes such names for a service called mayday.
        if name.startswith("MAYDAY_") and nested and section.lower() not in Config.model_fields:
            raise ConfigError(
                f"{name} in the environment: there is no section “{section.lower()}”."
            )

    class _FromFile(Config):
        model_config = SettingsConfigDict(yaml_file=path, yaml_file_encoding="utf-8")

    try:
        return _FromFile(**(overrides or {}))
    except ValidationError as exc:
        raise ConfigError(_sentence(exc, path)) from None
    except SettingsError as exc:
        # Its words name the section, in quotes, and the class that read it.
        quoted = str(exc).split('"')[1:2]
        section = f"MAYDAY_{quoted[0].upper()}" if quoted else "A MAYDAY_ variable"
        raise ConfigError(
            f"{section} in the environment cannot be read: lists and sections are JSON there."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{where} is not YAML: mend its syntax.") from None
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be read ({exc.strerror}): see to its permissions."
        ) from None
    except (AttributeError, TypeError, ValueError):
        raise ConfigError(f"{path} must hold sections such as slack: and database:.") from None


_WORDS = {
    "extra_forbidden": "there is no such key",
    "invalid_key": "there is no such key",
    "missing": "it is missing",
    "model_type": "write keys and values under it",
    "dict_type": "write keys and values under it",
    "tuple_type": "write it as a list",
    "string_type": "write text, in quotes where it begins with # or @",
}
"""Pydantic's words where ours say better what to do, by its type of error."""


def _sentence(exc: ValidationError, path: Path) -> str:
    problems = []
    for error in exc.errors(include_url=False, include_input=False, include_context=False):
        key = ".".join(str(part) for part in error["loc"])
        what = error["msg"].removeprefix("Value error, ")
        what = _WORDS.get(error["type"], what)
        problems.append(f"{key}: {what}" if key else what)
    return f"The configuration ({path} or MAYDAY_ variables) cannot be used: {'; '.join(problems)}."
