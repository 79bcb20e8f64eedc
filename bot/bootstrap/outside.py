"""The adapters to outside systems, from the configuration. None is contacted before its first use."""

from __future__ import annotations

from datetime import timedelta

from slack_sdk import WebClient

from bot.adapters import github
from bot.adapters.github import GitHubForge
from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.kubernetes import KubernetesCluster
from bot.config import Config
from bot.domain.facts import BlastRadius
from bot.domain.hubs import Place
from bot.domain.snapshot import StuckThresholds
from bot.ports import Forge
from bot.runbook.site import Site


def web_client(config: Config) -> WebClient:
    """Return the client of Slack's Web API, which Bolt and the adapter share."""
    return WebClient(token=secret(config.slack.bot_token), base_url=config.slack.api_url)


def forge(config: Config) -> Forge | None:
    """Return the GitHub adapter, or None if no repository is configured.

    Raises:
        ConfigError: a repository is configured without credentials.
    """
    settings = config.github
    if not settings.repository:
        return None
    auth = github.credentials(
        token=secret(settings.token),
        app_id=settings.app_id,
        private_key=secret(settings.private_key),
        installation_id=settings.installation_id,
    )
    return GitHubForge(auth=auth, repository=settings.repository, api_url=settings.api_url)


def sites(config: Config) -> dict[str, Site]:
    """Return every hub with its cluster, by the hub's name."""
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


def secret(value: object) -> str:
    """Return the text of a secret, empty for None."""
    get = getattr(value, "get_secret_value", None)
    return get() if get else ""
