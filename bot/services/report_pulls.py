"""A report as a file in a repository, proposed by a pull request that later changes update in place.

The branch is a resource, and so is its pull request. Every commit names the version of the file that it
replaces, so a change that somebody pushed meanwhile is never overwritten. After the pull request is merged or
closed, the next change is proposed by another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.domain.merging import Draft, is_same
from bot.domain.naming import slug
from bot.domain.publication import Document
from bot.domain.resources import ResourceKind, resource_key
from bot.errors import RetryLater, UserError
from bot.ports import JSON, FileText, Forge, Pull
from bot.render.markdown import inert
from bot.render.parts import carries, marked, marker
from bot.render.report_index import with_report
from bot.services.channel_guard import LookAt
from bot.services.documents import Documents, Text
from bot.services.reconciler import Resource
from bot.services.report_resources import Allowed, Forges, asking, check_private, origin_of, spec_of
from bot.store.documents import Seen

FILE_GONE = (
    "{path} isn't in branch {branch} of {repository} any more, so the report isn't updated there. Put it "
    "back under that name, or publish the change by hand."
)
NO_INDEX = "{repository} has no file {index}: correct report.targets[].index."
ENDED = "{url} was merged or closed just now: mayday looks whether it has the change."
BODY = (
    "The after-action report of an incident. mayday updates this pull request when the report changes, and "
    "keeps what you commit to it."
)
MOST_ROUNDS = 100


@dataclass(frozen=True, kw_only=True)
class _Branch:
    """The branch that the next change goes to. ``exists`` is false until something is written to it."""

    name: str
    round: int
    base: str
    exists: bool
    was_merged: bool


class Pulls:
    """The branches and pull requests of reports, as resources."""

    def __init__(
        self, forges: Forges, documents: Documents, look: LookAt, allowed: Allowed
    ) -> None:
        self._allowed = allowed
        self._forges = forges
        self._documents = documents
        self._look = look

    def branch(self, incident_id: str, document: Document) -> Resource:
        """The report's file on a branch of its own, and its line in the index of reports."""
        target = document.target

        def put(ref: JSON) -> JSON:
            forge = self._forges(target.repository)
            check_private(incident_id, target, forge, self._look)
            self._allowed(incident_id, document)
            branch = self._next_branch(forge, incident_id, document, ref)
            ref = ref if branch.round == ref.get("round") else {**ref, "listed": False}
            start = _started(forge, branch)
            path, wrote = self._write_file(forge, incident_id, document, ref, branch, start)
            wrote |= self._list(forge, document, path, ref, branch, start)
            if not (wrote or branch.exists):
                return {"path": path, **ref}
            if wrote:
                _check_open(forge, branch)
                self._documents.sent(incident_id, _key(incident_id, document))
            return {
                "branch": branch.name,
                "round": branch.round,
                "base": branch.base,
                "path": path,
                "listed": True,
            }

        return Resource(
            incident_id=incident_id,
            kind=ResourceKind.REPORT_BRANCH,
            subject=target.subject,
            spec={**spec_of(document), "index": target.index, "base": target.base},
            create=asking(lambda: put({})),
            update=asking(put),
        )

    def pull(self, incident_id: str, document: Document, branch: JSON) -> Resource:
        """The pull request from the report's branch; ``branch`` is that resource's reference."""
        target = document.target
        name = str(branch["branch"])

        def find(*_since: object) -> JSON | None:
            pull = self._forges(target.repository).find_pull(name)
            return _pull_ref(pull) if pull else None

        def propose(_ref: JSON) -> JSON:
            forge = self._forges(target.repository)
            check_private(incident_id, target, forge, self._look)
            self._allowed(incident_id, document)
            if found := find():
                return found
            body = marked(BODY, marker(origin_of(incident_id, document)))
            base = str(branch["base"])
            title = inert(document.title)
            return _pull_ref(forge.open_pull(name, base=base, title=title, body=body))

        return Resource(
            incident_id=incident_id,
            kind=ResourceKind.REPORT_PULL,
            subject=target.subject,
            spec={"branch": name},
            create=asking(lambda: propose({})),
            find=asking(find),
            update=asking(propose),
        )

    def look_at(self, incident_id: str, document: Document, key: str, ref: JSON) -> None:
        """Read a file that shows what it should, and store what people changed of it."""
        forge = self._forges(document.target.repository)
        row = self._documents.row(key)
        etag = row.seen.etag if row.seen else ""
        path = str(ref["path"])
        there = forge.read_file(path, branch=str(ref.get("branch", "")), etag=etag)
        if there is None:  # merged, and the branch is deleted
            there = forge.read_file(path, branch=str(ref.get("base", "")), etag=etag)
        if there is not None and not there.is_unchanged:
            self._documents.read(incident_id, key, _seen(there))

    def _next_branch(
        self, forge: Forge, incident_id: str, document: Document, ref: JSON
    ) -> _Branch:
        """The branch of the open pull request, or the first one that has had none."""
        base = document.target.base or forge.default_branch()
        was_merged = False
        for number, name in _names(incident_id, document, int(ref.get("round", 1))):
            pull = forge.find_pull(name)
            if pull is None or pull.is_open:
                return _Branch(
                    name=name,
                    round=number,
                    base=base,
                    exists=pull is not None or forge.has_branch(name),
                    was_merged=was_merged,
                )
            was_merged = pull.is_merged
        raise LookupError(f"{incident_id} has had {MOST_ROUNDS} pull requests")

    def _write_file(
        self,
        forge: Forge,
        incident_id: str,
        document: Document,
        ref: JSON,
        branch: _Branch,
        start: Callable[[], None],
    ) -> tuple[str, bool]:
        """Write the file, and return its path and whether anything was written.

        The text stays pending until it is known that its pull request didn't end before.
        """
        key = _key(incident_id, document)
        mark = marker(origin_of(incident_id, document))
        draft = Draft(title="", parts=(marked(document.text, mark),))
        at = branch.name if branch.exists else branch.base
        path, there = self._find(forge, document, str(ref.get("path", "")), mark, at)
        row = self._documents.row(key)
        place = f"{document.target.repository}/{path} (branch {at})"
        text = Text(incident_id=incident_id, key=key, draft=draft, place=place)
        message = f"{'Update' if there else 'Add'} {inert(document.title)}"

        def write(whole: str) -> None:
            start()
            sha = there.sha if there else ""
            forge.write_file(path, whole, branch=branch.name, sha=sha, message=message)

        if there is None:
            is_removed = row.base is not None and (branch.exists or branch.was_merged)
            if is_removed:
                raise UserError(
                    FILE_GONE.format(path=path, branch=at, repository=document.target.repository)
                )
            self._documents.create(text, lambda: write(draft.parts[0]), is_final=False)
            return path, True
        merged = self._documents.next(text, _seen(there))
        if merged is None:
            return path, False
        write(merged.parts[0])
        return path, True

    def _find(
        self, forge: Forge, document: Document, known: str, mark: str, at: str
    ) -> tuple[str, FileText | None]:
        """The file's path and the file; somebody else's file of that name is left alone."""
        if known:
            return known, forge.read_file(known, branch=at)
        for path in _free_names(document.path):
            there = forge.read_file(path, branch=at)
            if there is None or carries(there.text, mark):
                return path, there
        raise LookupError(document.path)

    def _list(
        self,
        forge: Forge,
        document: Document,
        path: str,
        ref: JSON,
        branch: _Branch,
        start: Callable[[], None],
    ) -> bool:
        """Add the file to the index once in each pull request; whether that wrote anything."""
        index = document.target.index
        if not index or ref.get("listed"):
            return False  # who removed the line again had a reason
        there = forge.read_file(index, branch=branch.name if branch.exists else branch.base)
        if there is None:
            raise UserError(NO_INDEX.format(repository=document.target.repository, index=index))
        text = with_report(there.text, index=index, path=path, title=document.title)
        if text is None or is_same(text, there.text):
            return False
        start()
        message = f"List {inert(document.title)}"
        forge.write_file(index, text, branch=branch.name, sha=there.sha, message=message)
        return True


def _key(incident_id: str, document: Document) -> str:
    return resource_key(incident_id, ResourceKind.REPORT_BRANCH, document.target.subject)


def _check_open(forge: Forge, branch: _Branch) -> None:
    """Return if what was written to a branch is or will be in a pull request.

    Raises:
        RetryLater: the pull request was merged or closed, perhaps before that was written.
    """
    if not branch.exists:
        return
    pull = forge.find_pull(branch.name)
    if pull is not None and not pull.is_open:
        raise RetryLater(ENDED.format(url=pull.url), maybe_done=True)


def _started(forge: Forge, branch: _Branch) -> Callable[[], None]:
    """Return what creates the branch before its first commit."""
    state = {"exists": branch.exists}

    def start() -> None:
        if not state["exists"]:
            forge.start_branch(branch.name, base=branch.base)
            state["exists"] = True

    return start


def _names(incident_id: str, document: Document, first: int) -> Iterator[tuple[int, str]]:
    """The names of the report's branches, from this round on."""
    words = ["mayday/report", incident_id]
    words += [slug(document.target.subject)] if document.target.subject else []
    name = "-".join(words)
    for number in range(first, first + MOST_ROUNDS):
        yield number, name if number == 1 else f"{name}-{number}"


def _free_names(path: str) -> Iterator[str]:
    yield path
    whole = PurePosixPath(path)
    for number in range(2, MOST_ROUNDS):
        yield str(whole.with_name(f"{whole.stem}-{number}{whole.suffix}"))


def _seen(there: FileText) -> Seen:
    return Seen(draft=Draft(title="", parts=(there.text,)), etag=there.etag)


def _pull_ref(pull: Pull) -> JSON:
    return {"number": pull.number, "url": pull.url}
