"""A proxy that adds what emulate lacks: credentials, limits, ETags, sub-issues, refusals,
the versions of an issue's text, one open pull request a branch.

Each rule follows docs.github.com (REST: troubleshooting, rate limits, best practices,
sub-issues, authenticating as an installation; November 2026). Other requests are forwarded.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_NEW_TOKEN = re.compile(r"/app/installations/\d+/access_tokens")
_REPOSITORY = re.compile(r"(?P<repository>/repos/[^/?]+/[^/?]+)(?P<issues>/issues\b)?")
_SUB_ISSUES = re.compile(r"(?P<issues>/repos/[^/]+/[^/]+/issues)/(?P<parent>\d+)/sub_issues")
_PULLS = re.compile(r"/repos/(?P<owner>[^/]+)/[^/]+/pulls")
_MOST_SUB_ISSUES = 100
_LIMIT = 5000
_MOST_CHARACTERS = 65_536


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer for requests of this method and path (regexes), without effect."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = ".*"
    path: str = "/"


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class StrictGitHub:
    """A proxy for an emulate at ``port``. Accepts ``tokens`` and installation tokens.

    ``lifetime`` is how long a new installation token is valid, in seconds; initially an hour.
    """

    def __init__(self, port: int, tokens: frozenset[str]) -> None:
        self.refusals: list[Refusal] = []
        self.remaining = _LIMIT
        self.lifetime = 3600.0
        self._port = port
        self._tokens = dict.fromkeys(tokens, float("inf"))
        self._children: dict[str, list[int]] = {}
        self._texts: dict[str, list[str]] = {}
        """The texts of each issue, the latest first."""
        self._seen: dict[str, None] = {}
        """The repositories that were asked for."""
        self._guard = threading.Lock()
        handler = type("Handler", (_Handler,), {"github": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        """Its address."""
        return "127.0.0.1", int(self._server.server_address[1])

    def healed(self) -> None:
        """Stop refusing."""
        self.refusals.clear()
        self.lifetime = 3600.0

    def installations_tokens(self) -> set[str]:
        """All tokens issued to installations."""
        with self._guard:
            return {token for token, end in self._tokens.items() if end != float("inf")}

    def expire(self, tokens: Collection[str]) -> None:
        """Expire these installations' tokens before their stated time."""
        with self._guard:
            for token in tokens:
                self._tokens[token] = 0.0

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> StrictGitHub:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        """GitHub's answer."""
        if method == "POST" and _NEW_TOKEN.fullmatch(path):
            return self._new_token(path, headers, body)
        if path == "/app":  # signed with the App's key, which emulate checks
            return self._forward(method, path, headers, body)
        _scheme, _, token = headers.get("Authorization", "").partition(" ")
        if self._tokens.get(token, 0.0) < time.time():
            return _told(401, {"message": "Bad credentials"})
        for refusal in self.refusals:
            if re.fullmatch(refusal.method, method) and re.match(refusal.path, path):
                return _told(refusal.status, {"message": refusal.message}, refusal.headers)
        if method in ("POST", "PATCH") and _is_too_long(body):
            told = "body is too long (maximum is 65536 characters)"
            return _told(422, {"message": "Validation Failed", "errors": [{"message": told}]})
        if method == "POST" and (pulls := _PULLS.fullmatch(path)):
            head = json.loads(body or b"{}").get("head", "")
            query = f"{path}?state=open&head={pulls['owner']}:{head}"
            listed = json.loads(self._forward("GET", query, headers, b"").body)
            if any(pull["head"]["ref"] == head for pull in listed):
                message = f"A pull request already exists for {pulls['owner']}:{head}."
                errors = [{"resource": "PullRequest", "message": message}]
                return _told(422, {"message": "Validation Failed", "errors": errors})
        if seen := _REPOSITORY.match(path):
            self._seen.setdefault(seen["repository"])
        if method == "POST" and path == "/graphql":
            return self._versions(body)
        found = _SUB_ISSUES.fullmatch(path.partition("?")[0])
        if found is not None:
            return self._sub_issues(method, found, headers, body)
        answer = self._forward(method, path, headers, body)
        if method in ("POST", "PATCH") and answer.status in (200, 201):
            self._keep_version(json.loads(answer.body))
        if answer.status in (403, 404):
            answer = self._refused(path, headers, answer)
        return self._with_etag(headers, answer)

    def _keep_version(self, told: Any) -> None:
        """Keep the text of an issue as a version."""
        if not (isinstance(told, dict) and "/issues/" in told.get("url", "")):
            return
        place = told["url"].partition("/repos/")[2]
        with self._guard:
            texts = self._texts.setdefault(place, [])
            if told.get("body") is not None and texts[:1] != [told["body"]]:
                texts.insert(0, told["body"])

    def _versions(self, body: bytes) -> _Answer:
        """The versions of an issue's text, the latest first; none before the first edit."""
        asked = json.loads(body)["variables"]
        place = f"{asked['owner']}/{asked['name']}/issues/{asked['number']}"
        texts = self._texts.get(place, [])
        nodes = [{"diff": text} for text in texts] if len(texts) > 1 else []
        issue = {"userContentEdits": {"nodes": nodes}}
        return _told(200, {"data": {"repository": {"issue": issue}}})

    def _refused(self, path: str, headers: Mapping[str, str], answer: _Answer) -> _Answer:
        """GitHub's refusal: 404 for what is hidden, 410 for what is off."""
        found = _REPOSITORY.match(path)
        if found is None:
            return answer
        repository = self._forward("GET", found["repository"], headers, b"")
        if repository.status == 403:
            return _told(404, {"message": "Not Found"})
        shown = repository.status == 200 and json.loads(repository.body)
        if found["issues"] and shown and not shown["has_issues"]:
            return _told(410, {"message": "Issues are disabled for this repo"})
        return answer

    def _new_token(self, path: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        """A new installation token; empty permissions request all of them."""
        asked = json.loads(body or b"{}")
        if not asked.get("permissions"):
            asked.pop("permissions", None)
        answer = self._forward("POST", path, headers, json.dumps(asked).encode())
        if answer.status != 201:
            return answer
        end = time.time() + self.lifetime
        told = json.loads(answer.body)
        told["expires_at"] = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._guard:
            self._tokens[told["token"]] = end
        return _told(201, told)

    def _with_etag(self, asked: Mapping[str, str], answer: _Answer) -> _Answer:
        if answer.status != 200:
            return answer
        etag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
        kept = tuple((k, v) for k, v in answer.headers if not k.lower().startswith("x-ratelimit"))
        with self._guard:
            # A 304 does not count against the rate limit.
            unchanged = asked.get("If-None-Match", "").removeprefix("W/") == etag
            self.remaining -= not unchanged
            limits = (
                ("X-RateLimit-Limit", str(_LIMIT)),
                ("X-RateLimit-Remaining", str(self.remaining)),
                ("ETag", etag),
            )
        if unchanged:
            return _Answer(status=304, headers=limits)
        return _Answer(status=200, body=answer.body, headers=kept + limits)

    def _sub_issues(
        self, method: str, found: re.Match[str], headers: Mapping[str, str], body: bytes
    ) -> _Answer:
        issues, parent = found["issues"], found["parent"]
        held = self._forward("GET", f"{issues}/{parent}", headers, b"")
        parent = f"{issues}/{parent}"
        if held.status != 200 or method == "GET":
            children = [{"id": child} for child in self._children.get(parent, ())]
            return held if held.status != 200 else _told(200, children)
        child = json.loads(body or b"{}").get("sub_issue_id")
        if not self._is_issue(child, issues, headers):
            return _told(404, {"message": "The provided sub-issue does not exist"})
        with self._guard:
            if any(child in children for children in self._children.values()):
                message = "Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
                return _told(422, {"message": message})
            if len(self._children.setdefault(parent, [])) >= _MOST_SUB_ISSUES:
                return _told(422, {"message": "Parent cannot have more than 100 sub-issues"})
            self._children[parent].append(child)
        return _Answer(status=201, body=held.body, headers=held.headers)

    def _is_issue(self, issue_id: object, issues: str, headers: Mapping[str, str]) -> bool:
        """Whether an issue, no pull request, has this id, in a repository of the same owner."""
        owner = issues.split("/")[2]
        others = [f"{each}/issues" for each in self._seen if each.split("/")[2] == owner]
        for path in dict.fromkeys((issues, *others)):
            every = self._forward("GET", f"{path}?state=all&per_page=100", headers, b"")
            for issue in json.loads(every.body) if every.status == 200 else ():
                if issue["id"] == issue_id:
                    return not issue.get("pull_request")
        return False

    def _forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        kept = {key: value for key, value in headers.items() if key.lower() not in _HOP_BY_HOP}
        try:
            link.request(method, path, body=body, headers=kept)
            answer = link.getresponse()
            told = tuple((k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP)
            return _Answer(status=answer.status, body=answer.read(), headers=told)
        finally:
            link.close()


def _is_too_long(body: bytes) -> bool:
    try:
        text = json.loads(body or b"{}").get("body")
    except (ValueError, AttributeError):
        return False
    return isinstance(text, str) and len(text) > _MOST_CHARACTERS


def _told(status: int, body: Any, headers: Mapping[str, str] | None = None) -> _Answer:
    kind = {"Content-Type": "application/json", **(headers or {})}
    return _Answer(status=status, body=json.dumps(body).encode(), headers=tuple(kind.items()))


class _Handler(BaseHTTPRequestHandler):
    github: ClassVar[StrictGitHub]

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        answer = self.github.answer(self.command, self.path, dict(self.headers.items()), body)
        self.send_response_only(answer.status)
        for key, value in answer.headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""
