"""A bot: built from its configuration, started, and stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.metadata import version

import structlog

from bot.adapters.folder import ReportFolder
from bot.adapters.slack import SlackChat
from bot.bootstrap.checks import health_checks
from bot.bootstrap.on_call import schedules
from bot.bootstrap.outside import (
    domain_clock,
    forges,
    require_all_bound,
    secret,
    sites,
    tracker,
    web_client,
)
from bot.bootstrap.policies import with_policies
from bot.bootstrap.services import build_services
from bot.bootstrap.settings import check_tokens, settings
from bot.bootstrap.setup import missing_setup
from bot.clock import Ticks
from bot.config import Config
from bot.domain.limits import Limits
from bot.durable import DurableWork
from bot.errors import ConfigError, RetryLater
from bot.runbook import Runbook
from bot.runbook.loading import load as load_runbooks
from bot.services.inbox import Inbox
from bot.services.item_follow import Hint
from bot.services.lease import Lease
from bot.services.operators import Operators
from bot.services.retry import Retries, retry_all
from bot.slack import app as slack_app
from bot.slack.context import HandlerContext
from bot.slack.dispatcher import Dispatcher
from bot.slack.foreign_sockets import ForeignSockets
from bot.slack.scopes import features_off, missing_scopes
from bot.slack.socket import Socket
from bot.store.engine import Store
from bot.web import health
from bot.web.github import github_route
from bot.web.server import Server, slack_route

KEEP_WORKFLOWS = timedelta(days=14)
"""How long finished workflows are kept. Their keys are never reused after more than some hours."""

SCOPE_ADVICE = "add it and reinstall the app"
SLACK_UNREACHABLE = (
    "Slack cannot be reached at {address}: check the network, then start mayday again."
)
STOPPING = "mayday is stopping and continues reading after its next start."

log = structlog.get_logger()


class Bot:
    """A bot that is built but not started. ``clock`` is the domain's clock.

    ``lost`` is called, from another thread, when another replica may take over the work of this one: the
    process has to end.
    """

    def __init__(self, config: Config, *, lost: Callable[[], None] = lambda: None) -> None:
        check_tokens(config)
        require_all_bound(config)
        self.config = config
        limits = Limits(call=config.practice.call_limit, lease=config.practice.lease)
        self.clock = domain_clock(config)
        self.settings = settings(config)
        self.store = Store(config.database.url.get_secret_value())
        self.lease = Lease(self.store, limits, version=version("mayday"), lost=lost)
        self.store.before_commit = self.lease.refuse_late
        self.durable = DurableWork(
            self.store.url, executor=self.lease.id, allowed=lambda: self.lease.is_valid
        )
        self.chat = SlackChat(
            web_client(config),
            clock=self.clock,
            timeout=config.practice.call_limit,
            pause=self._pause,
            command=config.slack.command,
        )
        self.sites = sites(config)
        self.services = build_services(
            self.settings,
            store=self.store,
            durable=self.durable,
            now=self.clock,
            chat=self.chat,
            sites=self.sites,
            folder=ReportFolder(config.report.directory),
            forges=forges(config),
            tracker=tracker(config),
            lease=self.lease,
            limits=limits,
            runbooks=self._runbooks(),
            setup=partial(missing_setup, config, lambda: self.chat.identity().scopes),
            schedules=schedules(config),
        )
        self.operators = Operators(
            self.store,
            self.chat,
            limits,
            channel=config.slack.operator_channel,
        )
        self.retries = Retries(self.store, self.durable, self.clock)
        self.inbox = Inbox(self.store, owner=self.lease.id)
        self.ticks = Ticks()
        self.dispatcher = Dispatcher(
            self._handler_context(),
            self.chat,
            self.inbox,
            replay_soon=lambda: self.ticks.run_soon("inbox"),
        )
        self.app, self._pool = slack_app.build(
            web_client(config, has_token=False),
            command=config.slack.command,
            dispatcher=self.dispatcher,
            identity=self.chat.identity,
        )
        self.http: Server | None = None
        self._stopping = threading.Event()
        self._stops: list[Callable[[], None]] = []

    def _runbooks(self) -> dict[str, Runbook]:
        """Return the runbooks with the policies of the configuration; what is wrong with a file is logged."""
        loaded = load_runbooks(self.config.runbooks.directories)
        for problem in loaded.problems:
            log.error("runbook.not_loaded", problem=str(problem))
        return with_policies(
            loaded.runbooks,
            self.config.runbooks,
            roles=self.settings.policy.roles,
            is_complete=not loaded.problems,
        )

    def _handler_context(self) -> HandlerContext:
        services = self.services
        return HandlerContext(
            now=self.clock,
            settings=self.settings,
            homes=services.homes,
            incidents=services.incidents,
            catch_ups=services.catch_ups,
            items=services.items,
            declare=services.declare,
            channel_facts=services.channel_facts,
            joining=services.joining,
            participants=services.participants,
            diagnoses=services.diagnoses,
            edits=services.edits,
            edit_publishing=services.edit_publishing,
            evidence=services.evidence,
            changes=services.changes,
            conflicts=services.conflicts,
            record=services.record,
            reminders=services.reminders,
            runs=services.runs,
            notify=services.notify,
            obligations=services.obligations,
            on_call=services.on_call,
            authorize=services.authorize,
            audit=services.audit,
            reports=services.reports,
            approvals=services.approvals,
            publish=services.publish,
            search=services.search,
            subscriptions=services.subscriptions,
            sync=services.sync,
            severity_help={s.name: s.description for s in self.config.incident.severities},
        )

    def start(self) -> None:
        """Open the database, resume interrupted work, and connect to Slack.

        Raises:
            ConfigError: a configured value does not work.
            MaydayError: Slack cannot be reached, or another mayday uses the database alone.
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
        with store.alone():
            store.migrate()
        self.services.sync.adopt()
        self.services.record.erase_deleted()
        self._stops.append(self.services.sync.close)
        try:
            identity = self.chat.identity()
        except RetryLater as exc:
            raise ConfigError(SLACK_UNREACHABLE.format(address=config.slack.api_url)) from exc
        for scope in missing_scopes(identity.scopes):
            log.warning("slack.scope_missing", scope=scope, advice=SCOPE_ADVICE)
        for feature, scopes in features_off(identity.scopes).items():
            log.info("slack.feature_off", feature=feature, scopes=scopes)
        self.lease.start()
        self._stops.append(self.lease.stop)
        with store.alone():
            self.durable.launch()
        self._stops.append(self.durable.close)
        retry_all(store, self.clock)
        socket = self._socket() if config.slack.mode == "socket" else None
        if socket is None:
            self.services.backfill.ask_whole()
        self._stops.append(self.services.backfill.close)
        foreign = self._foreign_sockets(socket) if socket else None
        checks = health_checks(
            ticks=self.ticks,
            store=store,
            is_stopping=self._stopping.is_set,
            has_lease=lambda: self.lease.is_valid,
            lost_lease=lambda: self.lease.is_lost,
            socket=socket.problem if socket else None,
            foreign=foreign.problem if foreign else lambda: "",
        )
        self.ticks.every(20, "health", checks.look)
        self._tick(socket, foreign)
        self._stops.append(self.ticks.stop)
        routes = health.routes(live=checks.live, ready=checks.ready)
        if socket is None:
            routes.append(slack_route(self.app, secret(config.slack.signing_secret)))
        if config.github.webhook_secret is not None:
            routes.append(github_route(self._told, secret(config.github.webhook_secret)))
        self.http = Server(routes, host=config.http.host, port=config.http.port)
        self.http.start()
        self._stops.append(self.http.stop)
        self._stops.append(lambda: self._pool.shutdown(wait=True))
        self._stops.append(self.services.homes.close)
        if socket:
            # Stopped first, so that nothing more arrives while the rest is finished.
            self._stops.append(socket.stop)
            socket.start()
        log.info("mayday.ready", team=identity.team, mode=config.slack.mode, port=self.http.port)

    def _told(self, hint: Hint) -> bool:
        """Commit what a webhook says, and read GitHub now."""
        is_known = self.services.item_follow.told(hint)
        if is_known:
            self.ticks.run_soon("items")
        return is_known

    def _tick(self, socket: Socket | None, foreign: ForeignSockets | None) -> None:
        every, store, durable = self.ticks.every, self.store, self.durable
        services = self.services
        every(1, "remind", services.remind.tick)
        every(2, "takeover", services.takeover.take_over)
        every(2, "retry", self.retries.tick)
        every(10, "inbox", self.dispatcher.replay)
        every(5, "obligations", services.obligations.tick)
        every(5, "items", services.item_follow.tick)
        every(30, "nags", services.item_nags.tick)
        every(30, "operators", self.operators.notify_given_up)
        every(60, "database", store.check)
        every(60, "search", services.search.refresh)
        every(60, "sweep", services.sweep.sweep)
        every(5, "backfill", services.backfill.tick)
        every(600, "purge", lambda: durable.purge(keep_for=KEEP_WORKFLOWS))
        if socket:
            every(20, "socket", socket.watch)
        if foreign:
            every(20, "connections", foreign.look)
        self.ticks.start()

    def _socket(self) -> Socket:
        return Socket(
            self.app,
            secret(self.config.slack.app_token),
            connected=self._connected,
        )

    def _foreign_sockets(self, socket: Socket) -> ForeignSockets:
        lease = self.lease
        return ForeignSockets(socket, replicas=lease.replicas, found=lease.set_foreign_sockets)

    def _connected(self, gap: bool) -> None:
        """Attempt again what failed, and read what was missed, now that Slack answers.

        The database may be away: what cost the connection to Slack often costs that one, too.
        """
        self.retries.ask_all()
        self.ticks.run_soon("retry")
        if gap:
            self.services.backfill.ask_whole()
            self.ticks.run_soon("backfill")

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
