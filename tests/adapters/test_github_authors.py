"""What counts as mayday's on GitHub: the mark and the author, in the repository that is configured."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot.adapters.github import GitHubForge
from bot.errors import UserError
from bot.ports import Origin
from bot.render.parts import marked, marker
from sandbox.github import ACCOUNT, OTHER, OTHER_TOKEN
from tests.support.forge import Practice, client, practice, rewrite

ORIGIN = Origin(incident="i1")
LONG = "\n\n".join(f"paragraph {n} " + "x" * 900 for n in range(100))
REPOSITORY = "/repos/practice/incidents"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Practice]:
    with practice(tmp_path) as running:
        yield running


@pytest.fixture
def other(github: Practice) -> Iterator[GitHubForge]:
    """The same repository, as somebody else."""
    made = client(github.sandbox.api_url, token=OTHER_TOKEN)
    yield made
    made.close()


def opened(forge: GitHubForge, body: str = "What happened.") -> int:
    return forge.open_issue("Title", body, origin=ORIGIN, labels=["incident"], assignees=[]).number


def test_a_mark_that_somebody_else_wrote_is_a_forgery(github: Practice, other: GitHubForge) -> None:
    opened(other, "Forged.")
    assert github.forge.find_issue(ORIGIN, label="incident") is None
    number = opened(github.forge)
    found = github.forge.find_issue(ORIGIN, label="incident")
    assert found is not None and found.number == number


def test_an_issue_of_somebody_else_is_not_written_over(
    github: Practice, other: GitHubForge
) -> None:
    number = opened(other, "Theirs.")
    before = github.sandbox.issues()
    with pytest.raises(UserError, match=rf"by {OTHER}.*github\.former_accounts") as told:
        rewrite(github.forge, number, "Title", "Ours.", origin=ORIGIN)
    assert told.value.code == "author"
    assert github.sandbox.issues() == before


def test_a_forged_continuation_stays_and_is_not_taken_for_a_part(
    github: Practice, other: GitHubForge
) -> None:
    number = opened(github.forge)
    forged = marked("Nothing happened.", marker(ORIGIN, part=2))
    other._repo.get_issue(number).create_comment(forged)
    rewrite(github.forge, number, "Title", LONG, origin=ORIGIN)
    issue = github.sandbox.issues()[0]
    theirs, ours = issue.comments
    assert theirs.strip() == forged.strip()
    assert "paragraph 99 " in ours


def test_an_account_that_mayday_used_before_can_be_named(
    github: Practice, other: GitHubForge
) -> None:
    number = opened(other)
    forge = client(github.sandbox.api_url, former_accounts=[OTHER.upper()])
    found = forge.find_issue(ORIGIN, label="incident")
    assert found is not None and found.number == number
    rewrite(forge, number, "Title", "After the change.", origin=ORIGIN)
    forge.close()
    assert github.sandbox.issues()[0].body.startswith("After the change.")


def test_an_internal_repository_is_not_private(github: Practice) -> None:
    repository = github.forge._repo
    for visibility, is_private in (("private", True), ("internal", False), ("public", False)):
        repository.edit(private=visibility != "public", visibility=visibility)
        assert github.forge.check().is_private is is_private


# --- a GitHub that redirects or refuses ----------------------------------------------------------


class Scripted:
    """A GitHub whose repository was renamed, or has people who left; counts the issues filed."""

    def __init__(self) -> None:
        self.full_name = "practice/incidents"
        self.redirect = ""
        self.home = "practice/incidents"
        self.left: set[str] = set()
        self.issues: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        handler = type("Handler", (_Handler,), {"github": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def issue(self) -> dict[str, Any]:
        """The issue that was filed last."""
        body = self.issues[-1]
        return {
            "id": 700,
            "number": len(self.issues),
            "title": body["title"],
            "body": body["body"],
            "html_url": "u",
            "url": "u",
            "comments": 0,
            "user": {"login": ACCOUNT},
            "assignees": [{"login": login} for login in body.get("assignees", ())],
            "repository_url": f"{self.url}/repos/{self.home}",
        }

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and body for a request."""
        if self.redirect and path.startswith(REPOSITORY):
            return 301, {"message": "Moved Permanently"}
        if (method, path) == ("POST", f"{REPOSITORY}/issues"):
            if self.left & set(body.get("assignees", ())):
                errors = [{"resource": "Issue", "field": "assignees", "code": "invalid"}]
                return 422, {"message": "Validation Failed", "errors": errors}
            self.issues.append(body)
            return 201, self.issue()
        if path.startswith(f"{REPOSITORY}/issues/"):
            return 200, self.issue()
        if "/assignees/" in path:
            return (404 if path.rpartition("/")[2] in self.left else 204), None
        if path == "/user":
            return 200, {"login": ACCOUNT, "url": "u"}
        return 200, {"url": f"{self.url}{REPOSITORY}", "full_name": self.full_name, "name": "x"}


class _Handler(BaseHTTPRequestHandler):
    github: ClassVar[Scripted]

    def _serve(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.github.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
        status, body = self.github.answer(self.command, self.path, json.loads(sent or b"{}"))
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response_only(status)
        if status == 301:
            self.send_header("Location", self.github.redirect)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


@pytest.fixture
def scripted() -> Iterator[tuple[Scripted, GitHubForge]]:
    server = Scripted()
    forge = client(server.url)
    yield server, forge
    forge.close()
    server.stop()


@pytest.mark.parametrize("known_before", [True, False])
def test_nothing_is_written_where_a_redirect_leads(
    scripted: tuple[Scripted, GitHubForge], known_before: bool
) -> None:
    """GitHub answers 301 for a repository that was renamed or transferred, also to a POST."""
    server, forge = scripted
    if known_before:
        assert forge._repo.full_name == "practice/incidents"
    server.redirect = f"{server.url}/repositories/7"
    with pytest.raises(UserError, match="practice/incidents was renamed or transferred") as told:
        opened(forge)
    assert told.value.code == "moved"
    assert [path for _method, path, _token in server.asked if "/repositories/" in path] == []
    assert server.issues == []


def test_a_repository_that_answers_by_another_name_is_not_written_to(
    scripted: tuple[Scripted, GitHubForge],
) -> None:
    server, forge = scripted
    server.full_name = "elsewhere/incidents"
    for act in (forge.check, lambda: opened(forge)):
        with pytest.raises(UserError, match="renamed or transferred"):
            act()
    assert server.issues == []


def test_somebody_who_left_is_not_assigned_and_the_issue_is_filed_once(
    scripted: tuple[Scripted, GitHubForge],
) -> None:
    server, forge = scripted
    server.left = {"gone"}
    made = forge.open_issue("T", "b", origin=ORIGIN, labels=[], assignees=["ana", "gone"])
    assert [issue["assignees"] for issue in server.issues] == [["ana"]]
    assert made.assignees == ("ana",)


@pytest.mark.parametrize("answers", ["a redirect", "another repository's issue"])
def test_a_transferred_issue_is_not_read_as_ours(
    scripted: tuple[Scripted, GitHubForge], answers: str
) -> None:
    server, forge = scripted
    number = opened(forge)
    if answers == "a redirect":
        server.redirect = f"{server.url}/repositories/7/issues/9"
    else:
        server.home = "elsewhere/incidents"
    with pytest.raises(UserError) as told:
        forge.read_issue(number, origin=ORIGIN, issue_id=700)
    assert told.value.code == "moved"


def test_an_issue_without_its_mark_is_known_by_its_id(
    scripted: tuple[Scripted, GitHubForge],
) -> None:
    server, forge = scripted
    number = opened(forge)
    server.issues[-1]["body"] = "All by hand."
    there = forge.read_issue(number, origin=ORIGIN, issue_id=700)
    assert there is not None and there.draft.parts == ("All by hand.",)
    with pytest.raises(UserError) as told:
        forge.read_issue(number, origin=ORIGIN, issue_id=701)
    assert told.value.code == "gone"


def test_no_token_is_sent_where_a_redirect_leads(scripted: tuple[Scripted, GitHubForge]) -> None:
    server, forge = scripted
    server.redirect = f"{server.url}/elsewhere"
    with pytest.raises(UserError):
        forge.check()
    assert [path for _method, path, token in server.asked if token] == [REPOSITORY]
