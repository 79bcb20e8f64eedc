"""Whether every configured system can be used, asked before the night in which it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text
from slack_sdk import WebClient

from bot.adapters.folder import ReportFolder
from bot.adapters.slack import SlackChat
from bot.bootstrap import check_tokens, forge, sites
from bot.config import Config
from bot.domain.evidence import Known
from bot.domain.facts import Part
from bot.domain.rights import Permission, Right, Scope
from bot.errors import MaydayError, RetryLater, UserError
from bot.runbook.site import Site
from bot.runbook.steps import KINDS
from bot.services.facts import SCOPES, read_facts
from bot.slack.scopes import missing_scopes
from bot.store.engine import Store


def check(config: Config, out: Console) -> bool:
    """Print one line for each system; whether all can be used."""
    table = Table("system", "", "what it says", box=None)
    well = True
    for name, ask in _questions(config):
        try:
            said, good = ask(), True
        except MaydayError as exc:
            said, good = str(exc), False
        well = well and good
        table.add_row(name, "✓" if good else "✗", Text(said))
    out.print(table)
    return well


def _questions(config: Config) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "database", lambda: _database(config)
    yield "Slack", lambda: _slack(config)
    yield "reports", lambda: _folder(config)
    yield "GitHub", lambda: _github(config)
    for name, site in sites(config).items():
        yield f"hub {name}", partial(ask_hub, site)
        yield f"cluster {site.place.cluster}", partial(ask_cluster, site)


def _database(config: Config) -> str:
    store = Store(config.database.url.get_secret_value())
    try:
        store.check()
    finally:
        store.close()
    return "answers"


def _slack(config: Config) -> str:
    if not config.has_slack:
        return "not configured: `mayday run` starts the sandbox"
    check_tokens(config)
    token = config.slack.bot_token.get_secret_value() if config.slack.bot_token else ""
    chat = SlackChat(WebClient(token=token, base_url=config.slack.api_url))
    me = chat.identity()
    missing = missing_scopes(me.scopes)
    if missing:
        raise MaydayError(
            f"workspace {me.team}: add the scopes {', '.join(missing)} to the app and reinstall it."
        )
    if config.slack.announce_channel:
        chat.resolve(config.slack.announce_channel)
    for group in config.runbooks.allow.groups:
        chat.group_members(group)
    return f"workspace {me.team}"


def _folder(config: Config) -> str:
    ReportFolder(config.report.directory).check()
    return f"{config.report.directory} can be written to"


def _github(config: Config) -> str:
    found = forge(config)
    if found is None:
        return "not configured: reports go to the folder alone"
    return f"repository {found.check().name}"


def ask_hub(site: Site) -> str:
    """What the hub lets mayday see.

    Raises:
        MaydayError: it cannot be asked, or hides something.
    """
    access = site.hub.access()
    servers, routes = site.hub.servers(), site.hub.routes()
    needed = (*SCOPES, *(right.name for right in _rights(site) if isinstance(right, Scope)))
    missing = [scope for scope in needed if scope not in access.scopes]
    if missing:
        raise MaydayError(
            f"The token lacks {', '.join(missing)} without a filter: add it to the role of "
            "mayday's service in the hub."
        )
    if servers.unknown:
        raise MaydayError(servers.unknown)
    return (
        f"JupyterHub {access.version}: {_count(len(servers.items), 'server', 'servers')}, "
        f"{_count(len(routes), 'route', 'routes')}"
    )


def ask_cluster(site: Site) -> str:
    """What the cluster lets mayday see and do for a hub.

    Raises:
        MaydayError: the cluster cannot be asked, or the namespace is not that of the hub's users.
    """
    facts = read_facts(site, datetime.now(UTC), rights=True)
    # Where nobody works, nothing shows where users' pods are; that is no fault.
    idle = facts.pods.read and not facts.ready
    for part in (Part.PROXY, *(() if idle else (Part.PODS,)), Part.CLOCK):
        if why := facts.lacks(part):
            raise MaydayError(why)
    place, proxy = site.place, facts.proxy
    rollout = f" {proxy.value.ready}/{proxy.value.replicas}" if isinstance(proxy, Known) else ""
    pods = _count(len(facts.pods.items), "user's pod", "users' pods")
    lacking = [
        f"{right} (for {', '.join(verbs)})"
        for right, verbs in _rights(site).items()
        if isinstance(right, Permission) and facts.rights.get(right) != Known(value=True)
    ]
    try:
        site.reachable_cluster.pod_events(place.namespace)
    except (UserError, RetryLater):
        lacking.append("list events (for stuck starts)")
    told = f"; not allowed: {', '.join(lacking)}" if lacking else ""
    return f"namespace {place.namespace}: Deployment {place.proxy}{rollout}, {pods}{told}"


def _rights(site: Site) -> dict[Right, list[str]]:
    """Every right that some kind of step needs, with the verbs of those steps."""
    found: dict[Right, list[str]] = {}
    for kind in KINDS:
        for right in kind.needs(site.place):
            found.setdefault(right, []).append(kind.verb)
    return found


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
