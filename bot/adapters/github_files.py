"""A repository's files on a branch, and the pull request that proposes them."""

from __future__ import annotations

import base64
from urllib.parse import quote

from github import GithubException, UnknownObjectException

from bot.adapters.github_errors import message_of
from bot.adapters.github_repository import FILES, GitHubRepository
from bot.errors import RetryLater, UserError
from bot.ports import FileText, Pull

CHANGED = "{path} in {repository} was changed by somebody just now: mayday reads it again."
NOT_TEXT = "{path} in {repository} isn't a text file of at most 1 MB."
NO_BRANCH = "{repository} has no branch {branch}: correct report.targets[].base."


class GitHubFiles(GitHubRepository):
    """The files of one repository. Implements their part of :class:`bot.ports.Forge`."""

    def default_branch(self) -> str:
        """See :meth:`bot.ports.Forge.default_branch`."""
        return str(self._repo.default_branch)

    def has_branch(self, branch: str) -> bool:
        """See :meth:`bot.ports.Forge.has_branch`."""
        with self._errors("read a branch", writes=False, permission=FILES):
            return self._head(branch) is not None

    def start_branch(self, branch: str, *, base: str) -> None:
        """See :meth:`bot.ports.Forge.start_branch`."""
        with self._errors("create a branch", permission=FILES):
            head = self._head(base)
            if head is None:
                raise UserError(NO_BRANCH.format(repository=self._name, branch=base))
            try:
                self._repo.create_git_ref(f"refs/heads/{branch}", head)
            except GithubException as exc:
                # Another replica created it in the meantime, or an earlier attempt.
                if exc.status != 422 or "already exists" not in message_of(exc).lower():
                    raise

    def read_file(self, path: str, *, branch: str, etag: str = "") -> FileText | None:
        """See :meth:`bot.ports.Forge.read_file`."""
        with self._errors("read a file", writes=False, permission=FILES):
            try:
                version, found = self._read(
                    f"contents/{quote(path)}", etag=etag, parameters={"ref": branch}
                )
            except UnknownObjectException:
                return None
        if found is None:
            return FileText(text="", sha="", etag=etag, is_unchanged=True)
        try:
            if found["encoding"] != "base64":
                raise ValueError
            text = base64.b64decode(found["content"]).decode()
        except (TypeError, KeyError, ValueError) as exc:
            raise UserError(NOT_TEXT.format(path=path, repository=self._name)) from exc
        return FileText(text=text, sha=str(found["sha"]), etag=version)

    def write_file(self, path: str, text: str, *, branch: str, sha: str, message: str) -> None:
        """See :meth:`bot.ports.Forge.write_file`."""
        with self._errors("write a file", permission=FILES):
            try:
                if sha:
                    self._repo.update_file(path, message, text, sha, branch=branch)
                else:
                    self._repo.create_file(path, message, text, branch=branch)
            except GithubException as exc:
                told = message_of(exc).lower()
                is_newer = (exc.status == 409 and "rule" not in told) or (
                    exc.status == 422 and "sha" in told
                )
                if not is_newer:
                    raise
                changed = CHANGED.format(path=path, repository=self._name)
                raise RetryLater(changed, maybe_done=False) from exc

    def find_pull(self, branch: str) -> Pull | None:
        """See :meth:`bot.ports.Forge.find_pull`."""
        owner = self._name.partition("/")[0]
        with self._errors("list pull requests", writes=False, permission=FILES):
            listed = self._repo.get_pulls(
                state="all", head=f"{owner}:{branch}", sort="created", direction="desc"
            )
            for pull in listed:
                if pull.head.ref == branch:
                    return Pull(
                        number=pull.number,
                        url=pull.html_url,
                        is_open=pull.state == "open",
                        is_merged=pull.merged_at is not None,
                    )
        return None

    def open_pull(self, branch: str, *, base: str, title: str, body: str) -> Pull:
        """See :meth:`bot.ports.Forge.open_pull`."""
        with self._errors("open a pull request", permission=FILES):
            try:
                made = self._repo.create_pull(base=base, head=branch, title=title, body=body)
            except GithubException as exc:
                is_there = exc.status == 422 and "already exists" in message_of(exc).lower()
                if not (is_there and (found := self.find_pull(branch))):
                    raise
                return found
        return Pull(number=made.number, url=made.html_url, is_open=True, is_merged=False)

    def _head(self, branch: str) -> str | None:
        try:
            return str(self._repo.get_git_ref(f"heads/{branch}").object.sha)
        except UnknownObjectException:
            return None
