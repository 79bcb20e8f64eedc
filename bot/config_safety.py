"""Refuses settings that would be unsafe with a real Slack: values for practice, and addresses without TLS.

It also lists the secrets of a configuration, which logs mask.

A Slack on this machine is a practice Slack. With it everything is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from pydantic import BaseModel, SecretStr

from bot.config_types import Section
from bot.domain.addresses import is_internal, is_loopback, is_plain

if TYPE_CHECKING:
    from bot.config import Config

NOT_PRACTICE = "practice.{key}: it is for the sandbox and tests only, so remove it"
PLAIN = (
    "{key}: use https://, because http:// sends tokens unencrypted, or add {name} to "
    "security.allow_insecure"
)
NO_SUCH_NAME = "security.allow_insecure: there is no {name}, only {known}"


class Security(Section):
    """The names of systems that mayday may use without TLS, as :func:`problems` has them."""

    allow_insecure: tuple[str, ...] = ()


def secrets(section: BaseModel) -> Iterator[str]:
    """Yield every secret of a configuration, as it is written and decoded."""
    for value in dict(section).values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, BaseModel):
                yield from secrets(each)
            elif isinstance(each, SecretStr):
                for part in _parts(each.get_secret_value()):
                    yield from (part, unquote(part))


def _parts(secret: str) -> Iterator[str]:
    """Yield a secret and the lines of a key; of a database's URL only what is secret in it."""
    scheme, is_url, rest = secret.partition("://")
    if not (is_url and scheme.replace("+", "").isalnum()):
        yield from (secret, *secret.splitlines())
        return
    address, _, parameters = rest.partition("?")
    yield address.rpartition("@")[0].partition(":")[2]
    yield from (value for key, value in parse_qsl(parameters) if "password" in key)


def is_practice(config: Config) -> bool:
    """Return whether Slack is one on this machine."""
    return is_loopback(config.slack.api_url)


def may_be_insecure(config: Config, name: str) -> bool:
    """Return whether a system may be used without TLS, or without verifying its certificate.

    Its ``name`` is ``slack.api_url``, ``github.api_url``, ``hubs.NAME.url``, ``hubs.NAME.api_url``,
    ``hubs.NAME.notices.url``, ``pagerduty.api_url``, ``on_call.NAME`` or ``clusters.NAME``, as in
    ``security.allow_insecure``.
    """
    return is_practice(config) or name in config.security.allow_insecure


def problems(config: Config) -> Iterator[str]:
    """Yield each setting that is refused, with what to do."""
    places = list(_places(config))
    known = [name for name, _key, _address, _safe in places]
    for name in config.security.allow_insecure:
        if name not in known:
            yield NO_SUCH_NAME.format(name=name, known=", ".join(known))
    if is_practice(config):
        return
    if config.has_slack:
        default = type(config.practice)()
        for key in type(config.practice).model_fields:
            if getattr(config.practice, key) != getattr(default, key):
                yield NOT_PRACTICE.format(key=key)
    for name, key, address, safe in places:
        if is_plain(address) and not safe and not may_be_insecure(config, name):
            yield PLAIN.format(key=key, name=name)


def _places(config: Config) -> Iterator[tuple[str, str, str, bool]]:
    """Yield name, key and address of each system, and whether its address is safe without TLS."""
    yield "slack.api_url", "slack.api_url", config.slack.api_url, False
    yield "github.api_url", "github.api_url", config.github.api_url, False
    for hub in config.hubs:
        name = f"hubs.{hub.name}"
        inside = is_internal(hub.api_url, namespace=hub.namespace)
        yield f"{name}.url", f"{name}.url", hub.url, False
        yield f"{name}.api_url", f"{name}.api_url", hub.api_url, inside
        if (notices := hub.notices.url) is not None:
            inside = is_internal(notices, namespace=hub.namespace)
            yield f"{name}.notices.url", f"{name}.notices.url", notices, inside
    yield "pagerduty.api_url", "pagerduty.api_url", config.pagerduty.api_url, False
    for schedule in config.on_call:
        if schedule.ical is not None:
            name = f"on_call.{schedule.name}"
            yield name, f"{name}.ical", schedule.ical.get_secret_value(), False
    for cluster in config.clusters:
        name = f"clusters.{cluster.name}"
        yield name, f"{name}.server", cluster.server, False
