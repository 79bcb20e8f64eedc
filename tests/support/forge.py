"""The practice GitHub, and mayday's adapter to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.github import GitHubForge, credentials
from bot.domain.merging import Draft
from bot.ports import Origin
from bot.render.parts import pages_of
from sandbox.github import GitHubSandbox, GitHubSandboxError


@dataclass(frozen=True, kw_only=True)
class Practice:
    """A GitHub that can fail, and a client."""

    sandbox: GitHubSandbox
    forge: GitHubForge


def client(
    url: str,
    *,
    token: str = GitHubSandbox.token,
    repository: str = "",
    timeout: int = 10,
    former_accounts: Sequence[str] = (),
) -> GitHubForge:
    """An adapter without request delays."""
    return GitHubForge(
        auth=credentials(token=token),
        repository=repository or GitHubSandbox.repository,
        api_url=url,
        seconds_between_requests=0,
        seconds_between_writes=0,
        timeout=timeout,
        backoff=0,
        former_accounts=former_accounts,
    )


def rewrite(forge: GitHubForge, number: int, title: str, body: str, *, origin: Origin) -> None:
    """Write an issue whole, whatever is there."""
    pages = pages_of(body, origin)
    there = forge.read_issue(number, origin=origin, parts=max(2, len(pages)))
    assert there is not None
    forge.write_issue(there, Draft(title=title, parts=pages), origin=origin)


@contextmanager
def practice(directory: Path, *, timeout: int = 10) -> Iterator[Practice]:
    """Start them. Skips the test if the Node packages are not installed."""
    sandbox = GitHubSandbox(directory)
    try:
        sandbox.start()
    except GitHubSandboxError as exc:
        pytest.skip(str(exc))
    forge = client(sandbox.api_url, timeout=timeout)
    try:
        yield Practice(sandbox=sandbox, forge=forge)
    finally:
        forge.close()
        sandbox.stop()
