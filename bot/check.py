"""``mayday check``: checks that mayday can use every configured system, before an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.adapters.folder import ReportFolder
from bot.adapters.slack import MANY_PAGES, SlackChat
from bot.adapters.slack_time import LARGEST_SKEW
from bot.bootstrap import (
    check_tokens,
    domain_clock,
    forges,
    report_forms,
    require_bound,
    schedules,
    sites,
    targets,
    web_client,
)
from bot.config import Config
from bot.config_hubs import Cluster
from bot.domain.evidence import Known
from bot.domain.facts import Part
from bot.domain.item_policy import is_person
from bot.domain.rights import Permission, Right, Scope
from bot.errors import MaydayError, RetryLater, UserError
from bot.logs import masked
from bot.ports import Clock, Notices
from bot.runbook.site import Site
from bot.runbook.steps import KINDS
from bot.services.facts import SCOPES, read_facts
from bot.services.on_call import Schedule
from bot.slack.scopes import features_off, missing_scopes
from bot.store.engine import Store

DATABASE_OK = "answers"
SLACK_UNCONFIGURED = "not configured: `mayday run` starts the sandbox"
WORKSPACE = "workspace {name}"
MISSING_SLACK_SCOPES = "workspace {name}: add the scopes {scopes} to the app and reinstall it."
FEATURE_OFF = "; {feature} is off: for it, add the scopes {scopes} to the app and reinstall it"
CLOCK_SKEWED = (
    "; warning: the clock of this machine is {minutes} min {way} Slack's, so times in timelines and "
    "reports are wrong: synchronize it, for example with NTP"
)
SLOW_NAME = (
    "; warning: it took {pages} requests to find {channel}: write its id, {id}, in its place"
)
FOLDER_OK = "{directory} is writable"
GITHUB_UNCONFIGURED = "not configured: reports are only written to the folder"
REPOSITORY = "repository {name}"
MISSING_HUB_SCOPES = (
    "The token lacks {scopes} without a filter: add it to the role of mayday's service in the hub."
)
HUB_OK = "JupyterHub {version}: {servers}, {routes}"
CLUSTER_OK = "namespace {namespace}: Deployment {deployment}, {pods}"
ON_CALL = "on call now: {names}"
NOTICES_OK = "the announcement service answers"
UNUSED_CLUSTER = "no hub names it"
NOT_ALLOWED = "; not allowed: {rights}"
LIST_EVENTS = "list events (for stuck starts)"


def check(config: Config, out: Console) -> bool:
    """Print one line for each system, and return whether all can be used."""
    table = Table("system", "", "result", box=None)
    all_passed = True
    for name, run in _checks(config):
        try:
            result, passed = run(), True
        except MaydayError as exc:
            result, passed = str(exc), False
        all_passed = all_passed and passed
        table.add_row(name, "✓" if passed else "✗", Text(masked(result)))
    out.print(table)
    return all_passed


def _checks(config: Config) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "database", lambda: _database(config)
    yield "Slack", lambda: _slack(config)
    yield "reports", lambda: _folder(config)
    yield "GitHub", lambda: _github(config)
    for name, schedule in schedules(config).items():
        yield f"on call {name}", partial(_on_call, schedule, domain_clock(config))
    clusters = {cluster.name: cluster for cluster in config.clusters}
    for name, site in sites(config).items():
        yield f"hub {name}", partial(check_hub, site)
        cluster = site.place.cluster
        yield f"cluster {cluster}", partial(_cluster, clusters[cluster], site)
        if site.notices is not None:
            yield f"notices of {name}", partial(_notices, site.notices)
    for unused in clusters.keys() - {hub.cluster for hub in config.hubs}:
        yield f"cluster {unused}", partial(_cluster, clusters[unused], None)


def _database(config: Config) -> str:
    store = Store(config.database.url.get_secret_value())
    try:
        store.check()
    finally:
        store.close()
    return DATABASE_OK


def _slack(config: Config) -> str:
    if not config.has_slack:
        return SLACK_UNCONFIGURED
    check_tokens(config)
    chat = SlackChat(
        web_client(config), clock=domain_clock(config), timeout=config.practice.call_limit
    )
    me = chat.identity()
    missing = missing_scopes(me.scopes)
    if missing:
        raise MaydayError(MISSING_SLACK_SCOPES.format(name=me.team, scopes=", ".join(missing)))
    slow = ""
    nag = config.action_items.nag
    told = () if is_person(nag.escalate_to) else (nag.escalate_to,)
    channels = (config.slack.announce_channel, config.slack.operator_channel, nag.digest_channel)
    for channel in (*channels, *told):
        if channel:
            found = chat.resolve(channel)
            if (pages := chat.pages_for(channel)) > MANY_PAGES:
                slow += SLOW_NAME.format(channel=channel, pages=pages, id=found)
    access, policies = config.access, config.runbooks.policies.values()
    own = [policy.allow for policy in policies if policy.allow]
    lists = (config.runbooks.allow, access.approvers, access.admins, *own, *config.incident.invite)
    for listed in lists:
        for group in listed.groups:
            chat.group_members(group)
    off = "".join(
        FEATURE_OFF.format(feature=name, scopes=", ".join(scopes))
        for name, scopes in features_off(me.scopes).items()
    )
    return WORKSPACE.format(name=me.team) + off + slow + _clock_warning(chat.skew())


def _clock_warning(skew: timedelta | None) -> str:
    if skew is None or abs(skew) <= LARGEST_SKEW:
        return ""
    way = "ahead of" if skew > timedelta() else "behind"
    return CLOCK_SKEWED.format(minutes=round(abs(skew) / timedelta(minutes=1)), way=way)


def _folder(config: Config) -> str:
    report_forms(config)
    ReportFolder(config.report.directory).check()
    return FOLDER_OK.format(directory=config.report.directory)


def _github(config: Config) -> str:
    of = forges(config)
    names = dict.fromkeys(each.repository for each in targets(config) if each.repository)
    if not names:
        return GITHUB_UNCONFIGURED
    return "; ".join(REPOSITORY.format(name=of(name).check().name) for name in names)


def _cluster(cluster: Cluster, site: Site | None) -> str:
    """Return what can be seen of a cluster, if its login leads to what its name is bound to."""
    require_bound(cluster)
    return check_cluster(site) if site is not None else UNUSED_CLUSTER


def _on_call(schedule: Schedule, now: Clock) -> str:
    people = schedule.source.at(now())
    return ON_CALL.format(names=", ".join(person.name for person in people) or "nobody")


def _notices(service: Notices) -> str:
    service.check()
    return NOTICES_OK


def check_hub(site: Site) -> str:
    """Return what mayday can see of the hub.

    Raises:
        MaydayError: the hub cannot be read, or the token lacks a scope.
    """
    access = site.hub.access()
    servers, routes = site.hub.servers(), site.hub.routes()
    needed = (
        *(Scope(name=name) for name in SCOPES),
        *(right for right in _rights(site) if isinstance(right, Scope)),
    )
    missing = [str(scope) for scope in needed if not scope.is_in(access.scopes)]
    if missing:
        raise MaydayError(MISSING_HUB_SCOPES.format(scopes=", ".join(missing)))
    if servers.unknown:
        raise MaydayError(servers.unknown)
    return HUB_OK.format(
        version=access.version,
        servers=_count(len(servers.items), "server", "servers"),
        routes=_count(len(routes), "route", "routes"),
    )


def check_cluster(site: Site) -> str:
    """Return what mayday can see and do in the cluster of a hub.

    Raises:
        MaydayError: the cluster cannot be read, or the namespace is not that of the hub's users.
    """
    facts = read_facts(site, datetime.now(UTC), rights=True)
    # Without running servers nothing shows where users' pods are, which is not an error.
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
        lacking.append(LIST_EVENTS)
    result = CLUSTER_OK.format(
        namespace=place.namespace, deployment=f"{place.proxy}{rollout}", pods=pods
    )
    return result + (NOT_ALLOWED.format(rights=", ".join(lacking)) if lacking else "")


def _rights(site: Site) -> dict[Right, list[str]]:
    """Every right that some kind of step needs, with the verbs of those steps."""
    found: dict[Right, list[str]] = {}
    for kind in KINDS:
        for right in kind.needs(site.place):
            found.setdefault(right, []).append(kind.verb)
    return found


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
