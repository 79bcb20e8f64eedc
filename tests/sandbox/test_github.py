"""The practice GitHub: its pages and lifecycle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.github import GitHubSandbox, GitHubSandboxError
from tests.support.waiting import wait_until

STARTER = """
import sys
from pathlib import Path
from sandbox.github import GitHubSandbox
sandbox = GitHubSandbox(Path(sys.argv[1])).start()
print(sandbox._emulate.pid, flush=True)
sys.stdin.read()
"""


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


@contextmanager
def practice(directory: Path, *, keep: bool = False) -> Iterator[GitHubSandbox]:
    """A practice GitHub; skips the test if the node parts are not installed."""
    sandbox = GitHubSandbox(directory, keep=keep)
    try:
        sandbox.start()
    except GitHubSandboxError as exc:
        pytest.skip(str(exc))
    try:
        yield sandbox
    finally:
        sandbox.stop()


def post(sandbox: GitHubSandbox, method: str, path: str, **body: object) -> None:
    """Write to its repository by the API."""
    request = urllib.request.Request(
        f"{sandbox.api_url}/repos/{sandbox.repository}{path}",
        json.dumps(body).encode(),
        {"Authorization": f"token {sandbox.token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


def test_links_to_issues_lead_to_pages(tmp_path: Path) -> None:
    text = "## Summary\n\n<script>x</script> **bold**\n\n<!-- mayday:incident=i1 -->"
    with practice(tmp_path) as github:
        post(github, "POST", "/issues", title="Proxy <gone>", body=text)
        (issue,) = github.issues()
        page = read(issue.url)
        assert "Proxy &lt;gone&gt;" in page
        assert "<h2>Summary</h2>" in page and "<strong>bold</strong>" in page
        assert "<script>" not in page and "mayday:incident" not in page
        assert f'href="{issue.url}"' in read(github.url)
        with pytest.raises(urllib.error.HTTPError, match="404") as missing:
            read(f"{github.url}/99")
        missing.value.close()


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    with practice(tmp_path):
        pass
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "other")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdin and parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    wait_until(lambda: not _lives(child), "the practice GitHub ends with its parent", timeout=20)


def test_it_can_be_started_again(tmp_path: Path) -> None:
    with practice(tmp_path / "a") as github:
        assert github.issues() == []
    sandbox = GitHubSandbox(tmp_path / "b")
    for _ in range(2):
        with sandbox:
            assert sandbox.get("/repos/practice/incidents")["full_name"] == "practice/incidents"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie process keeps its pid.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_what_was_filed_is_there_after_a_restart_at_the_same_address(tmp_path: Path) -> None:
    with practice(tmp_path, keep=True) as first:
        post(first, "POST", "/labels", name="incident", color="d93f0b")
        post(first, "POST", "/issues", title="One", body="of two", labels=["incident"])
        post(first, "POST", "/issues", title="Two", body="[one](1)")
        post(first, "POST", "/issues/1/comments", body="It goes on.")
        post(first, "PATCH", "/issues/2", state="closed")
        filed = first.issues()
    assert [(issue.labels, issue.state) for issue in filed] == [
        (("incident",), "open"),
        ((), "closed"),
    ]
    with practice(tmp_path, keep=True) as second:
        assert second.issues() == filed
        post(second, "POST", "/issues", title="Three", body="")
        assert [issue.number for issue in second.issues()] == [1, 2, 3]
