"""Whether every configured system can be used, asked before the night in which it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text
from slack_sdk import WebClient

from bot.adapters.folder import ReportFolder
from bot.adapters.slack import SlackChat
from bot.bootstrap import check_tokens, forge, sites
from bot.config import Config
from bot.errors import MaydayError
from bot.services.steps import Site
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
        yield f"hub {name}", partial(_hub, site)
        yield f"cluster {site.place.cluster}", partial(_cluster, site)


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


def _hub(site: Site) -> str:
    return f"{len(site.hub.servers())} servers, {len(site.hub.routes())} routes"


def _cluster(site: Site) -> str:
    proxy = site.reachable_cluster.deployment(site.place.namespace, site.place.proxy)
    pods = len(site.users_pods())
    return f"namespace {site.place.namespace}: {proxy.name} {proxy.ready}/{proxy.replicas}, {pods} pods"
