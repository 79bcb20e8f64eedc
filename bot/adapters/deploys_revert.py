"""The pull request that reverts a merge.

GitHub's REST API has no revert. A file that the merge changed gets back what it was before, if nobody changed
it since; otherwise a person has to revert by hand.
"""

from __future__ import annotations

from github.GitCommit import GitCommit
from github.GithubException import UnknownObjectException
from github.InputGitTreeElement import InputGitTreeElement
from github.Repository import Repository

from bot.domain.signs import Merge
from bot.errors import UserError

Entry = tuple[str, str, str]
"""The mode, type and sha of a path."""

BRANCH = "mayday/revert-{number}"
MARKER = "<!-- mayday-revert: {commit} -->"
REVERTS = "This reverts commit {commit}."
TITLE = "Revert “{title}”"
BODY = """Reverts #{number}.

mayday opened this after a rollback of the deploy. Without it, the next deploy brings the change back.

{marker}
"""
SHOWN = 5

BY_HAND = (
    "mayday can't revert {repository}#{number}: {why}. Revert it by hand: git revert -m 1 {commit} (without "
    "-m 1 if it was squashed)."
)
CONFLICT = "files that it changed were changed again since ({files})"
TOO_LARGE = "the repository has too many files to compare"
NO_PARENT = "its commit has no parent"
NOT_MINE = "branch {branch} has commits that mayday didn't make"
NO_COMMIT = "GitHub doesn't name its commit"
REVERTED = "{repository}#{number} is reverted already: its files are as they were before."


def open_revert(repository: Repository, name: str, merge: Merge) -> str:
    """Return the URL of the open pull request that reverts the merge; open it if there is none.

    Raises:
        UserError: it can't be reverted without a person, or it is reverted already.
        github.GithubException: as PyGithub raises them.
    """
    branch, marker = BRANCH.format(number=merge.number), MARKER.format(commit=merge.commit)
    owner = name.partition("/")[0]
    for pull in repository.get_pulls(state="open", head=f"{owner}:{branch}"):
        if pull.head.ref == branch:  # whatever somebody made of its text
            return str(pull.html_url)
    if not merge.commit:
        raise _by_hand(merge, NO_COMMIT)
    base = repository.get_pull(merge.number).base.ref
    after = repository.get_git_commit(merge.commit)
    if not after.parents:
        raise _by_hand(merge, NO_PARENT)
    before = repository.get_git_commit(after.parents[0].sha)
    head = repository.get_git_commit(repository.get_branch(base).commit.sha)
    elements = _reverting(
        merge, *(_files(repository, each, merge) for each in (before, after, head))
    )
    tree = repository.create_git_tree(elements, base_tree=head.tree)
    title = TITLE.format(title=merge.title)
    message = f"{title}\n\n{REVERTS.format(commit=merge.commit)}"
    commit = repository.create_git_commit(message, tree, [head])
    _point(repository, name, branch, commit, merge)
    body = BODY.format(number=merge.number, marker=marker)
    made = repository.create_pull(base=base, head=branch, title=title, body=body)
    return str(made.html_url)


def _files(repository: Repository, commit: GitCommit, merge: Merge) -> dict[str, Entry]:
    tree = repository.get_git_tree(commit.tree.sha, recursive=True)
    if tree.raw_data.get("truncated"):
        raise _by_hand(merge, TOO_LARGE)
    return {
        each.path: (each.mode, each.type, each.sha) for each in tree.tree if each.type != "tree"
    }


def _reverting(
    merge: Merge, before: dict[str, Entry], after: dict[str, Entry], now: dict[str, Entry]
) -> list[InputGitTreeElement]:
    """The changes that bring back what was before."""
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    left = [path for path in changed if now.get(path) != before.get(path)]
    if not left:
        text = REVERTED.format(repository=merge.repository, number=merge.number)
        raise UserError(text, code="reverted")
    if clashes := [path for path in left if now.get(path) != after.get(path)]:
        more = f" and {len(clashes) - SHOWN} more" if len(clashes) > SHOWN else ""
        raise _by_hand(merge, CONFLICT.format(files=", ".join(clashes[:SHOWN]) + more))
    return [_element(path, before.get(path), after.get(path)) for path in left]


def _element(path: str, before: Entry | None, after: Entry | None) -> InputGitTreeElement:
    """The entry as it was before, or its removal."""
    mode, kind, sha = before or after or ("100644", "blob", "")
    return InputGitTreeElement(path, mode, kind, sha=sha if before else None)


def _point(repository: Repository, name: str, branch: str, commit: GitCommit, merge: Merge) -> None:
    """Let mayday's own branch, which an earlier attempt may have left, be this commit.

    Raises:
        UserError: somebody else has committed to it.
    """
    try:
        there = repository.get_git_ref(f"heads/{branch}").object.sha
        if REVERTS.format(commit=merge.commit) not in repository.get_git_commit(there).message:
            raise _by_hand(merge, NOT_MINE.format(branch=branch))
        at = f"/repos/{name}/git/refs/heads/{branch}"
        moved = {"sha": commit.sha, "force": True}
        repository.requester.requestJsonAndCheck("PATCH", at, input=moved)
    except UnknownObjectException:
        repository.create_git_ref(f"refs/heads/{branch}", commit.sha)


def _by_hand(merge: Merge, why: str) -> UserError:
    text = BY_HAND.format(
        repository=merge.repository, number=merge.number, why=why, commit=merge.commit or "COMMIT"
    )
    return UserError(text, code="by_hand")
