"""All practice systems: a Slack with its page, a hub on a cluster, a GitHub.

Slack starts first, so that its page can be opened while the rest starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox import fault_menu
from sandbox.clock import SandboxClock
from sandbox.github import GitHubSandbox
from sandbox.hub import HubSandbox
from sandbox.hub.running import CANARY, DEFAULT_USERS
from sandbox.slack import SlackSandbox

ANNOUNCE = "#incidents"
STUCK_AFTER = 15
"""Seconds until mayday may call a start stuck; the hub itself waits ten minutes."""
REPORT_LABEL = "incident"
"""The label of an incident's issue; mayday's default."""


class World:
    """The practice systems. ``directory`` holds their files; ``manifest`` is the Slack app's.

    ``keep``: messages and issues survive a restart, and people may move the clock; a drill wants
    neither. Each system has faults: ``slack.faults``, ``github.faults``, ``hub.faults``,
    ``hub.cluster.faults``, and for the users' route to their servers: ``hub.public.faults``.
    """

    def __init__(
        self,
        directory: Path,
        *,
        manifest: Mapping[str, Any],
        port: int = 0,
        users: Sequence[str] = DEFAULT_USERS,
        crowd: Sequence[str] = (),
        keep: bool = True,
    ) -> None:
        self.directory = directory
        self._keep = keep
        self.clock = SandboxClock(directory / "clock.json")
        self.slack = SlackSandbox(
            port=port,
            clock=self.clock,
            state_file=directory / "slack.json" if keep else None,
            manifest=manifest,
        )
        self.hub = HubSandbox(directory=directory / "hub", users=users, crowd=crowd)
        self.github = GitHubSandbox(directory / "github", keep=keep)

    def start_slack(self) -> str:
        """Start Slack and return its page's URL."""
        self.slack.start()
        self.slack.register_reports(self._reports)
        if self._keep:
            self.slack.register_clock(self.clock)
        return self.slack.url

    def start_rest(self) -> None:
        """Start the hub with all users' servers and the GitHub."""
        self.github.start()
        self.hub.start()
        self.hub.start_servers()
        self.slack.register_hubs(self._hubs)
        self.slack.register_outages(self.hub.outages())
        for proxy, menu in (
            (self.github.proxy, fault_menu.GITHUB),
            (self.hub.front, fault_menu.HUB),
            (self.hub.public, fault_menu.PROXY),
            (self.hub.cluster.front, fault_menu.CLUSTER),
        ):
            self.slack.register_faults(proxy, menu)

    def stop(self) -> None:
        """Stop them all."""
        self.hub.stop()
        self.github.stop()
        self.slack.stop()

    def settings(self) -> dict[str, Any]:
        """The configuration for mayday to use these running systems, by section."""
        slack, hub, github = self.slack, self.hub, self.github
        of_hub = {
            "name": hub.name,
            "url": hub.url,
            "api_url": hub.api_url,
            "api_token": hub.api_token,
            "cluster": hub.cluster_name,
            "namespace": hub.namespace,
            "start_timeout": STUCK_AFTER,
            "canary_user": CANARY,
            "canary_token": hub.rest.user_token(CANARY),
        }
        of_cluster = {
            "name": hub.cluster_name,
            "kubeconfig": str(hub.kubeconfig),
            "context": hub.context,
            "server": hub.server,
        }
        return {
            "slack": {
                "bot_token": slack.bot_token,
                "app_token": slack.app_token,
                "signing_secret": slack.signing_secret,
                "api_url": slack.api_url,
                "announce_channel": ANNOUNCE,
            },
            "github": {
                "token": github.token,
                "api_url": github.api_url,
                "repository": github.repository,
            },
            "hubs": [of_hub],
            "clusters": [of_cluster],
            "practice": {"clock_file": str(self.clock.file), "open_to_all": True},
        }

    def _hubs(self) -> list[dict[str, Any]]:
        hub = self.hub
        rows = [asdict(row) for row in hub.rows()]
        names = {"name": hub.name, "cluster": hub.cluster_name, "namespace": hub.namespace}
        health = {"hub_ok": hub.hub_ok(), "proxy_ok": hub.proxy_ok()}
        return [{**names, **health, "url": hub.url, "note": "", "rows": rows}]

    def _reports(self) -> list[dict[str, str]]:
        newest_first = reversed(self.github.issues())
        reports = (issue for issue in newest_first if REPORT_LABEL in issue.labels)
        return [{"title": issue.title, "url": issue.url} for issue in reports]


def environment(settings: Mapping[str, Any], prefix: str = "MAYDAY") -> dict[str, str]:
    """Settings as environment variables, for mayday as a separate process."""
    found: dict[str, str] = {}
    for section, value in settings.items():
        name = f"{prefix}_{section.upper()}"
        if isinstance(value, Mapping):
            found |= {f"{name}__{key.upper()}": _text(inner) for key, inner in value.items()}
        else:
            found[name] = _text(value)
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
