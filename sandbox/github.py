"""A GitHub to practise on: emulate's API, with pages so that the links to its issues lead somewhere.

It runs in a process of its own that ends with this one. In front of it stands a small server that
shows issues as pages and hands everything else on, and before that a fault proxy, whose address is
the only one anybody uses: GitHub's answers are full of links, and clients refuse those that lead
elsewhere.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

from sandbox import github_page
from sandbox.emulate import Emulate, EmulateError
from sandbox.errors import SandboxError
from sandbox.fault_proxy import FaultProxy
from sandbox.github_keep import Kept, PracticeIssue
from sandbox.own_words import System
from sandbox.rules import Breakable

OWNER = "practice"
REPOSITORY = f"{OWNER}/incidents"
TOKEN = "practice-token"  # noqa: S105 - opens nothing but this sandbox
ACCOUNT = "mayday"
_NOT_PASSED_ON = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class GitHubSandboxError(SandboxError):
    """The practice GitHub cannot run; the text says what to do."""


class GitHubSandbox(Breakable):
    """One repository, ``practice/incidents``, that an account with ``token`` may write to.

    ``directory`` takes the seed and the log, and with ``keep`` what is filed, for the next start.
    """

    repository = REPOSITORY
    token = TOKEN

    def __init__(self, directory: Path, *, keep: bool = False) -> None:
        self._directory = directory
        self._kept = Kept(directory / "issues.json" if keep else None)
        self.proxy = FaultProxy(system=System.GITHUB, port=self._kept.port())
        self.rules = self.proxy.rules
        self._emulate: Emulate | None = None
        self._front: ThreadingHTTPServer | None = None

    def start(self) -> GitHubSandbox:
        """Start and wait until it answers.

        Raises:
            GitHubSandboxError: its node parts are not installed, or it does not come up.
        """
        handler = type("Front", (_Front,), {"sandbox": self})
        self.proxy.start()
        self._front = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        try:
            self._emulate = Emulate("github", _seed(), self._directory, base_url=self.api_url)
            self._kept.restore(self._post)
        except EmulateError as exc:
            self.stop()
            raise GitHubSandboxError(f"There is no practice GitHub: {exc}") from exc
        threading.Thread(
            target=self._front.serve_forever, args=(0.05,), name="github", daemon=True
        ).start()
        self.proxy.upstream = ("127.0.0.1", int(self._front.server_address[1]))
        return self

    def stop(self) -> None:
        """End it. What was filed is gone with it, unless it is kept."""
        self.proxy.stop()
        if self._front is not None:
            if self._emulate is not None:
                self._front.shutdown()
            self._front.server_close()
            self._front = None
        if self._emulate is not None:
            self._emulate.stop()
            self._emulate = None

    def __enter__(self) -> GitHubSandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        """The API's address."""
        return self.proxy.url

    @property
    def url(self) -> str:
        """The page of the repository's issues."""
        return f"{self.api_url}/{REPOSITORY}/issues"

    def issues(self) -> list[PracticeIssue]:
        """All issues with their comments, oldest first."""
        path = f"/repos/{REPOSITORY}/issues?state=all&per_page=100&sort=created&direction=asc&page="
        raw: list[dict[str, Any]] = []
        while page := self.get(f"{path}{len(raw) // 100 + 1}"):
            raw += page
            if len(page) < 100:
                break
        return sorted((self._issue(one) for one in raw), key=lambda issue: issue.number)

    def get(self, path: str) -> Any:
        """What the API answers to a GET; None for anything but 200."""
        status, _headers, body = self.ask("GET", path, {"Authorization": f"token {TOKEN}"}, b"")
        return json.loads(body) if status == 200 else None

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Hand a request to the emulator: status, headers and body of its answer."""
        if self._emulate is None:
            raise GitHubSandboxError("The practice GitHub is not running.")
        link = http.client.HTTPConnection("127.0.0.1", self._emulate.port, timeout=30)
        try:
            link.request(method, path, body=body, headers=headers)
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            link.close()

    def keep(self) -> None:
        """Something was filed or changed."""
        self._kept.save(self.proxy.address[1], self.issues)

    def _post(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        self.ask(method, f"/repos/{REPOSITORY}{path}", headers, json.dumps(body).encode())

    def _issue(self, raw: dict[str, Any]) -> PracticeIssue:
        number = int(raw["number"])
        told = self.get(f"/repos/{REPOSITORY}/issues/{number}/comments?per_page=100") or []
        return PracticeIssue(
            number=number,
            title=raw["title"],
            body=raw["body"] or "",
            labels=tuple(label["name"] for label in raw["labels"]),
            state=raw["state"],
            url=raw["html_url"],
            comments=tuple(comment["body"] for comment in told),
        )


class _Front(BaseHTTPRequestHandler):
    """Shows issues to browsers, hands the rest on."""

    sandbox: ClassVar[GitHubSandbox]

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        parts = self.path.partition("?")[0].strip("/").split("/")
        if self.command == "GET" and "/".join(parts[:2]) == REPOSITORY:
            self._page(parts[3] if len(parts) > 3 else "")
            return
        headers = {
            key: value
            for key, value in self.headers.items()
            if key.lower() not in _NOT_PASSED_ON | {"host"}
        }
        try:
            status, answered, content = self.sandbox.ask(self.command, self.path, headers, body)
        except OSError:
            status, answered, content = 502, [], b'{"message": "The practice GitHub is gone."}'
        if self.command not in ("GET", "HEAD") and status < 300:
            self.sandbox.keep()
        kept = [(key, value) for key, value in answered if key.lower() not in _NOT_PASSED_ON]
        self._answer(status, kept, content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _page(self, number: str) -> None:
        issues = self.sandbox.issues()
        if number:
            issues = [issue for issue in issues if str(issue.number) == number]
        page = github_page.issue(issues[0]) if number and issues else github_page.listing(issues)
        status = 404 if number and not issues else 200
        kind = [("Content-Type", "text/html; charset=utf-8")]
        self._answer(status, kind, page.encode())

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the standard error is the terminal of whoever practises."""


def _seed() -> dict[str, Any]:
    return {
        "tokens": {TOKEN: {"login": ACCOUNT, "scopes": ["repo", "admin:org"]}},
        "github": {
            "users": [{"login": ACCOUNT, "name": "mayday"}],
            "orgs": [{"login": OWNER, "members": [{"login": ACCOUNT, "role": "admin"}]}],
            "repos": [{"owner": OWNER, "name": "incidents", "auto_init": True}],
        },
    }
