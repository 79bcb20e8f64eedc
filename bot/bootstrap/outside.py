"""The clock and the adapters to outside systems, from the configuration.

No system is contacted before its first use.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from slack_sdk import WebClient

from bot.adapters.announcements import AnnouncementService, Service
from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.kernels import SingleUserServers
from bot.adapters.kubernetes_binding import Binding, WrongCluster, require_pod_bound
from bot.adapters.kubernetes_contexts import KubeContext
from bot.bootstrap.settings import targets
from bot.clock import real_time, shifted_time
from bot.config import Config
from bot.config_hubs import Cluster as ClusterSection
from bot.config_hubs import Hub
from bot.config_safety import may_be_insecure
from bot.domain.facts import BlastRadius
from bot.domain.hubs import Place
from bot.domain.snapshot import StuckThresholds
from bot.errors import ConfigError, UserError
from bot.ports import Clock, Cluster, Deploys, Forge, Kernels, Notices, Tracker
from bot.runbook.site import Site

if TYPE_CHECKING:
    from bot.adapters.github_reports import ReportRepository


def domain_clock(config: Config) -> Clock:
    """Return the domain's clock, which a drill or a test may shift."""
    practice = config.practice.clock_file
    return shifted_time(practice) if practice else real_time


def web_client(config: Config, *, has_token: bool = True) -> WebClient:
    """Return a client of Slack's Web API, with the bot token or, for Bolt, without one.

    It resends nothing: a request may have taken effect although its answer was lost.
    """
    client = WebClient(
        token=secret(config.slack.bot_token) if has_token else None,
        base_url=config.slack.api_url,
        timeout=math.ceil(config.practice.call_limit),
    )
    client.retry_handlers = []
    return client


def forges(config: Config) -> Callable[[str], Forge]:
    """Return what returns the GitHub adapter for a repository, the same one each time.

    Raises:
        ConfigError: a target of reports is a repository, and there are no credentials.
    """

    @cache
    def of(repository: str) -> Forge:
        # Imported where it is used: without a repository, a start need not wait for GitHub's library.
        from bot.adapters import github

        is_ours = repository.casefold() == config.github.repository.casefold()
        return github.GitHubForge(
            auth=_github_login(config),
            repository=repository,
            api_url=config.github.api_url,
            timeout=config.practice.call_limit,
            former_accounts=config.github.former_accounts,
            key="github.repository" if is_ours else "report.targets[].repository",
        )

    for target in targets(config):
        if target.repository:
            of(target.repository)
    return of


def report_repository(config: Config, repository: str) -> ReportRepository:
    """Return a repository with published reports; without credentials only public ones can be read."""
    from bot.adapters.github_reports import ReportRepository

    github = config.github
    has_login = github.token or (github.app_id and github.private_key and github.installation_id)
    return ReportRepository(
        auth=_github_login(config) if has_login else None,
        repository=repository,
        api_url=github.api_url,
        timeout=config.practice.call_limit,
    )


def tracker(config: Config) -> Tracker | None:
    """Return the adapter to the issues of action items, or None without credentials of GitHub's.

    Raises:
        ConfigError: the App's key can't be read.
    """
    settings = config.github
    has_app = bool(settings.app_id and settings.private_key and settings.installation_id)
    if not (settings.token or has_app):
        return None
    from bot.adapters.github_issues import TrackedIssues

    return TrackedIssues(
        auth=_github_login(config),
        api_url=settings.api_url,
        timeout=config.practice.call_limit,
        former_accounts=settings.former_accounts,
    )


def _github_login(config: Config) -> Any:
    from bot.adapters import github

    settings = config.github
    return github.credentials(
        token=secret(settings.token),
        app_id=settings.app_id,
        private_key=secret(settings.private_key),
        installation_id=settings.installation_id,
    )


def _deploys(config: Config, repository: str) -> Deploys | None:
    """Return the repository that a hub is deployed from, or None if none is configured.

    Raises:
        ConfigError: a repository is configured without credentials.
    """
    if not repository:
        return None
    from bot.adapters.deploys import DeployRepository

    return DeployRepository(
        auth=_github_login(config),
        repository=repository,
        api_url=config.github.api_url,
        timeout=config.practice.call_limit,
    )


def sites(config: Config) -> dict[str, Site]:
    """Return every hub with its cluster, by the hub's name."""
    clusters = {
        cluster.name: _late_cluster(
            name=cluster.name,
            kubeconfig=str(cluster.kubeconfig or ""),
            context=cluster.context,
            server=cluster.server,
            ca=cluster.ca,
            ca_sha256=cluster.ca_sha256,
            timeout=config.practice.call_limit,
            allow_insecure=may_be_insecure(config, f"clusters.{cluster.name}"),
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
                hub_deployment=hub.hub_deployment,
                canary=hub.canary_user,
                placeholder=hub.placeholder,
            ),
            hub=JupyterHub(
                name=hub.name,
                url=hub.url,
                api_url=hub.api_url,
                token=hub.api_token.get_secret_value(),
                ca_bundle=str(hub.ca_bundle or ""),
                timeout=config.practice.call_limit,
            ),
            cluster=clusters[hub.cluster],
            notices=_notices(hub, config.practice.call_limit),
            kernels=_kernels(hub, config.practice.call_limit),
            release=hub.release,
            core_nodes=hub.core_nodes,
            users_here=hub.user_pods == "complete",
            thresholds=StuckThresholds(start=timedelta(seconds=hub.start_timeout)),
            limit=limit,
            deploys=_deploys(config, hub.repository),
        )
        for hub in config.hubs
    }


def require_bound(cluster: ClusterSection) -> None:
    """Return if the cluster's login leads to the API server that its name is bound to, by its files alone.

    Raises:
        ConfigError: it leads elsewhere.
        UserError: a file can't be used, so that is unknown. No login is made from such a file.
    """
    binding = Binding(
        cluster=cluster.name, server=cluster.server, ca=cluster.ca, ca_sha256=cluster.ca_sha256
    )
    try:
        if cluster.kubeconfig is not None:
            path = cluster.kubeconfig.expanduser()
            KubeContext(path=path, context=cluster.context, binding=binding).require_bound()
        else:
            require_pod_bound(binding)
    except WrongCluster as exc:
        raise ConfigError(str(exc), code=exc.code) from exc


def require_all_bound(config: Config) -> None:
    """Return if no cluster's login leads elsewhere. A file that can't be used is an error of the login.

    Raises:
        ConfigError: one leads elsewhere.
    """
    for cluster in config.clusters:
        try:
            require_bound(cluster)
        except ConfigError:
            raise
        except UserError:
            continue


def _notices(hub: Hub, timeout: float) -> Notices | None:
    found = hub.notices
    if found.url is None:
        return None
    return AnnouncementService(
        hub=hub.name,
        url=found.url,
        token=secret(found.token or hub.api_token),
        service=Service(found.service),
        timeout=timeout,
        ca_bundle=str(hub.ca_bundle or ""),
    )


def _kernels(hub: Hub, timeout: float) -> Kernels | None:
    if not hub.canary_user:
        return None
    return SingleUserServers(
        hub=hub.name,
        url=hub.url,
        token=secret(hub.canary_token or hub.api_token),
        timeout=timeout,
        ca_bundle=str(hub.ca_bundle or ""),
    )


class _LateCluster:
    """A cluster whose adapter is imported on first use: a start need not wait for Kubernetes' client."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings

    @cached_property
    def _cluster(self) -> Cluster:
        from bot.adapters.kubernetes import KubernetesCluster

        return KubernetesCluster(**self._settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)


def _late_cluster(**settings: Any) -> Cluster:
    return cast("Cluster", _LateCluster(settings))


def secret(value: object) -> str:
    """Return the text of a secret, empty for None."""
    get = getattr(value, "get_secret_value", None)
    return get() if get else ""
