"""The practice GitHub with a proxy before it that can lose things, and mayday's adapter to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.github import GitHubForge, credentials
from bot.sandbox.github import GitHubSandbox, GitHubSandboxError
from tests.support.fault_proxy import FaultProxy


@dataclass(frozen=True, kw_only=True)
class Practice:
    """A GitHub, the proxy that clients reach it by, and a client."""

    sandbox: GitHubSandbox
    proxy: FaultProxy
    forge: GitHubForge


def client(
    url: str, *, token: str = GitHubSandbox.token, repository: str = "", timeout: int = 10
) -> GitHubForge:
    """An adapter in no need to be polite."""
    return GitHubForge(
        auth=credentials(token=token),
        repository=repository or GitHubSandbox.repository,
        api_url=url,
        seconds_between_requests=0,
        seconds_between_writes=0,
        timeout=timeout,
        backoff=0,
    )


@contextmanager
def practice(directory: Path) -> Iterator[Practice]:
    """Start them; skips the test, saying why, where the node parts are not installed."""
    with FaultProxy() as proxy:
        sandbox = GitHubSandbox(directory, advertised=proxy.url)
        try:
            sandbox.start()
        except GitHubSandboxError as exc:
            pytest.skip(str(exc))
        forge = client(proxy.url)
        try:
            proxy.upstream = sandbox.address
            yield Practice(sandbox=sandbox, proxy=proxy, forge=forge)
        finally:
            forge.close()
            sandbox.stop()
