"""Builds the bot from its configuration: creates, registers and wires every component."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from slack_sdk import WebClient

from bot.adapters import github
from bot.adapters.folder import ReportFolder
from bot.adapters.github import GitHubForge
from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.kubernetes import KubernetesCluster
from bot.adapters.slack import SlackChat
from bot.clock import Ticks, real_time, shifted_time
from bot.config import Config
from bot.domain.facts import BlastRadius
from bot.domain.hubs import Place
from bot.domain.incident import Policy
from bot.domain.snapshot import StuckThresholds
from bot.durable import DurableWork
from bot.errors import ConfigError, MaydayError, RetryLater
from bot.ports import Clock, Forge
from bot.runbook.site import Site
from bot.services import publish as publishing
from bot.services import sync as syncing
from bot.services.authorize import Authorize
from bot.services.backfill import Backfill
from bot.services.change import Changes
from bot.services.channel import Channels
from bot.services.declare import Declare
from bot.services.incidents import Incidents
from bot.services.people import People
from bot.services.publish import Publish
from bot.services.reconciler import Reconciler
from bot.services.record import Record
from bot.services.remind import remind
from bot.services.report import Reports
from bot.services.resources import Resources
from bot.services.retry import retry_due
from bot.services.run import EXECUTE, PLAN, Runs
from bot.services.run_posts import posts_of
from bot.services.run_workflows import RunWorkflows
from bot.services.settings import Filing, HubPlace, Settings
from bot.services.sweep import Sweep
from bot.services.sync import Sync
from bot.slack import app as slack_app
from bot.slack.context import HandlerContext
from bot.slack.dispatcher import Dispatcher
from bot.slack.inbox import Inbox
from bot.slack.scopes import missing_scopes
from bot.slack.socket import Socket
from bot.store.engine import Store
from bot.web import health
from bot.web.server import Server, slack_route
from runbooks import RUNBOOKS

CLOCK_TIMEOUT = 60.0
"""Seconds without a tick after which the clock counts as stopped."""

KEEP_WORKFLOWS = timedelta(days=14)
"""How long finished workflows are kept. Their keys are never reused after more than some hours."""

CLOCK_STOPPED = "The clock has stopped."
SCOPE_ADVICE = "add it and reinstall the app"
SLACK_UNREACHABLE = (
    "Slack cannot be reached at {address}: check the network, then start mayday again."
)
STOPPING = "mayday is stopping and continues reading after its next start."
NO_BOT_TOKEN = "slack.bot_token is missing: set it to the bot token (xoxb-…)."  # noqa: S105
NO_APP_TOKEN = (
    "slack.app_token is missing: set it to the app token (xapp-…), or use slack.mode: http."  # noqa: S105
)
NO_SIGNING_SECRET = (
    "slack.signing_secret is missing: slack.mode http needs it to verify Slack's requests."  # noqa: S105
)

log = structlog.get_logger()


class Bot:
    """A bot that is built but not started. ``clock`` is the domain's clock."""

    def __init__(self, config: Config) -> None:
        check_tokens(config)
        self.config = config
        practice = config.practice.clock_file
        self.clock: Clock = shifted_time(practice) if practice else real_time
        self.store = Store(config.database.url.get_secret_value())
        self.settings = _settings(config)
        self.durable = DurableWork(self.store.url)
        client = WebClient(token=_secret(config.slack.bot_token), base_url=config.slack.api_url)
        self._stopping = threading.Event()
        self.chat = SlackChat(client, pause=self._pause)
        self.forge = forge(config)
        self.sites = sites(config)
        self.ticks = Ticks()
        self._stops: list[Callable[[], None]] = []

        store, durable, now, settings = self.store, self.durable, self.clock, self.settings
        reconciler = Reconciler(store, now)
        people = People(store, self.chat, now)
        self.record = Record(store, now, settings, team_url=lambda: self.chat.identity().url)
        self.backfill = Backfill(store, self.chat, self.record, now)
        runbooks = {runbook.name: runbook for runbook in RUNBOOKS}
        self.runs = Runs(store, durable, runbooks=runbooks, sites=self.sites, wall=real_time)
        run_workflows = RunWorkflows(
            store,
            durable,
            now,
            runbooks=runbooks,
            sites=self.sites,
            wall=real_time,
            wait=time.sleep,
        )
        self.reports = Reports(store, people, settings)
        self.publish = Publish(
            store,
            reconciler,
            durable,
            self.reports,
            ReportFolder(config.report.directory),
            self.forge,
            now,
            settings.filing,
            gather=self.backfill.gather,
        )
        resources = Resources(store, self.chat, now, settings, posts_of(runbooks))
        channels = Channels(store, reconciler, self.chat, settings)
        self.sync = Sync(store, reconciler, durable, channels, resources)
        self.sweep = Sweep(store, durable, now, self.sync, wall=real_time)
        self.context = HandlerContext(
            now=now,
            settings=settings,
            incidents=Incidents(store),
            declare=Declare(store, durable, now, settings),
            changes=Changes(store, durable, now, settings),
            record=self.record,
            runs=self.runs,
            authorize=Authorize(self.chat, settings),
            reports=self.reports,
            publish=self.publish,
            sync=self.sync,
            severity_help={s.name: s.description for s in config.incident.severities},
        )
        self.inbox = Inbox(store, now)
        self.dispatcher = Dispatcher(self.context, self.chat, self.inbox)
        self.app, self._pool = slack_app.build(
            client,
            signing_secret=_secret(config.slack.signing_secret)
            if config.slack.mode == "http"
            else "",
            dispatcher=self.dispatcher,
        )
        durable.workflow(syncing.WORKFLOW, self.sync.workflow)
        durable.workflow(publishing.WORKFLOW, self.publish.workflow)
        durable.workflow(PLAN, run_workflows.plan)
        durable.workflow(EXECUTE, run_workflows.execute)
        self.http: Server | None = None

    def start(self) -> None:
        """Open the database, resume interrupted work, and connect to Slack.

        Raises:
            ConfigError: a configured value does not work.
            MaydayError: Slack cannot be reached, or another mayday uses the database.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        store, config = self.store, self.config
        self._stops += [store.close, *(site.hub.close for site in self.sites.values())]
        store.check()
        store.lock()
        store.migrate()
        self.sync.adopt()
        try:
            identity = self.chat.identity()
        except RetryLater as exc:
            raise ConfigError(SLACK_UNREACHABLE.format(address=config.slack.api_url)) from exc
        for scope in missing_scopes(identity.scopes):
            log.warning("slack.scope_missing", scope=scope, advice=SCOPE_ADVICE)
        self.durable.launch()
        self._stops.append(self.durable.close)
        socket = self._socket() if config.slack.mode == "socket" else None
        self._tick(socket)
        self._stops.append(self.ticks.stop)
        checks = {
            "database": self._database_problem,
            "clock": lambda: "" if self.ticks.age < CLOCK_TIMEOUT else CLOCK_STOPPED,
            **({"slack": socket.problem} if socket else {}),
        }
        routes = health.routes(checks)
        if socket is None:
            routes.append(slack_route(self.app))
        self.http = Server(routes, host=config.http.host, port=config.http.port)
        self.http.start()
        self._stops.append(self.http.stop)
        self._stops.append(lambda: self._pool.shutdown(wait=True))
        if socket:
            # Stopped first, so that nothing more arrives while the rest is finished.
            self._stops.append(socket.stop)
            socket.start()
        log.info("mayday.ready", team=identity.team, mode=config.slack.mode, port=self.http.port)

    def _tick(self, socket: Socket | None) -> None:
        every, store, durable = self.ticks.every, self.store, self.durable
        every(1, "remind", lambda: remind(store, durable, self.clock, self.settings))
        every(2, "retry", lambda: retry_due(store, durable, self.clock))
        every(10, "inbox", self.dispatcher.replay)
        every(60, "database", store.check)
        every(60, "sweep", self.sweep.sweep)
        every(300, "backfill", self.backfill.all)
        every(600, "purge", lambda: durable.purge(keep_for=KEEP_WORKFLOWS))
        if socket:
            every(20, "socket", socket.watch)
        self.ticks.start()

    def _socket(self) -> Socket:
        return Socket(
            self.app,
            _secret(self.config.slack.app_token),
            connected=lambda: self.ticks.run_soon("backfill"),
        )

    def stop(self) -> None:
        """Accept no more deliveries, finish those received, and close everything."""
        self._stopping.set()
        while self._stops:
            stop = self._stops.pop()
            try:
                stop()
            except Exception:
                log.exception("mayday.stop_failed")

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise RetryLater(STOPPING)

    def _database_problem(self) -> str:
        try:
            self.store.check()
        except MaydayError as exc:
            return str(exc)
        return ""


def check_tokens(config: Config) -> None:
    """Return if Slack's tokens are complete. This runs before anything is opened.

    Raises:
        ConfigError: a token is missing.
    """
    if config.slack.bot_token is None:
        raise ConfigError(NO_BOT_TOKEN)
    if config.slack.mode == "socket" and config.slack.app_token is None:
        raise ConfigError(NO_APP_TOKEN)
    if config.slack.mode == "http" and config.slack.signing_secret is None:
        raise ConfigError(NO_SIGNING_SECRET)


def _secret(value: object) -> str:
    get = getattr(value, "get_secret_value", None)
    return get() if get else ""


def _settings(config: Config) -> Settings:
    incident = config.incident
    return Settings(
        policy=Policy(
            severities=tuple(s.name for s in incident.severities),
            statuses=incident.statuses,
            roles=incident.roles,
        ),
        intervals={s.name: s.interval for s in incident.severities},
        reactions=incident.reactions,
        groups=incident.action_groups,
        channel_template=incident.channel_name,
        announce_channel=config.slack.announce_channel,
        zone=config.report.zone,
        report_form=config.report.form.value,
        hubs={
            hub.name: HubPlace(
                name=hub.name, url=hub.url, cluster=hub.cluster, namespace=hub.namespace
            )
            for hub in config.hubs
        },
        may_run_users=frozenset(config.runbooks.allow.users),
        may_run_groups=frozenset(config.runbooks.allow.groups),
        open_to_all=config.practice.open_to_all,
        filing=Filing(
            labels=config.github.labels,
            item_labels=config.github.item_labels,
            assignees=config.github.assignees,
        ),
    )


def forge(config: Config) -> Forge | None:
    """Return the GitHub adapter, or None if no repository is configured.

    Raises:
        ConfigError: a repository is configured without credentials.
    """
    settings = config.github
    if not settings.repository:
        return None
    auth = github.credentials(
        token=_secret(settings.token),
        app_id=settings.app_id,
        private_key=_secret(settings.private_key),
        installation_id=settings.installation_id,
    )
    return GitHubForge(auth=auth, repository=settings.repository, api_url=settings.api_url)


def sites(config: Config) -> dict[str, Site]:
    """Return every hub with its cluster. Neither is contacted before its first use."""
    clusters = {
        cluster.name: KubernetesCluster(
            name=cluster.name,
            kubeconfig=str(cluster.kubeconfig or ""),
            context=cluster.context,
            server=cluster.server,
        )
        for cluster in config.clusters
    }
    limit = BlastRadius(
        servers=config.runbooks.limit.servers, percent=config.runbooks.limit.percent
    )
    return {
        hub.name: Site(
            place=Place(
                hub=hub.name,
                cluster=hub.cluster,
                namespace=hub.namespace,
                proxy=hub.proxy_deployment,
            ),
            hub=JupyterHub(
                name=hub.name,
                url=hub.url,
                api_url=hub.api_url,
                token=hub.api_token.get_secret_value(),
                ca_bundle=str(hub.ca_bundle or ""),
            ),
            cluster=clusters[hub.cluster],
            release=hub.release,
            users_here=hub.user_pods == "complete",
            thresholds=StuckThresholds(start=timedelta(seconds=hub.start_timeout)),
            limit=limit,
        )
        for hub in config.hubs
    }
