"""An office that publishes the report of one closed incident to a practice GitHub and a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from github import Auth, Github
from github.Repository import Repository

from bot.adapters.folder import ReportFolder
from bot.adapters.github import GitHubForge
from bot.domain.actions import ActionItem, LinkKind, link_kind
from bot.domain.incident import Policy
from bot.domain.limits import Limits
from bot.domain.publication import Target, TargetKind
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.ports import Profile
from bot.services import publish
from bot.services.approval import Approvals
from bot.services.compose import Composer
from bot.services.guard import Guards
from bot.services.people import People
from bot.services.publish import Publish
from bot.services.reconciler import Reconciler
from bot.services.report import Reports
from bot.services.settings import Filing, HubPlace, Settings
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from sandbox.github_keep import PracticeIssue
from tests.support.evening import INCIDENT, ITEMS, PEOPLE, note
from tests.support.forge import Practice, client
from tests.support.leases import AlwaysHeld, let_calls_end
from tests.support.looks import Rows
from tests.support.reviews import approved

_numbers = count(1)
NOW = datetime(2017, 2, 24, 7, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process died."""


class Inline:
    """Durable work that runs inline and lists enqueued work."""

    def __init__(self) -> None:
        self.enqueued: list[tuple[str, str]] = []

    def enqueue(
        self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Sequence[Any]
    ) -> None:
        self.enqueued.append((workflow, key))

    def step(self, name: str, fn: Callable[..., Any], *args: Any) -> Any:
        return fn(*args)


class Mortal:
    """The adapter; while ``mortal``, its process dies after each new call."""

    def __init__(self, forge: Any) -> None:
        self._forge = forge
        self._died_after: set[str] = set()
        self.mortal = False

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._forge, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = verb(*args, **kwargs)
            which = repr((name, args, kwargs))
            if self.mortal and which not in self._died_after:
                self._died_after.add(which)
                raise Killed
            return result

        return call


class Directory:
    """The part of Slack that looks up names."""

    def profile(self, user: str) -> Profile:
        if user not in PEOPLE:
            raise UserError("Slack knows nobody of that name.")
        return Profile(
            id=user, team_id="T1", name=PEOPLE[user], zone="UTC", is_guest=False, is_bot=False
        )


SETTINGS = Settings(
    policy=Policy(severities=("sev1",), statuses=("fixing", "resolved", "closed"), roles=()),
    intervals={},
    reactions={},
    groups=("Technical improvements",),
    channel_template="inc-{date}-{slug}",
    announce_channel="",
    zone=ZoneInfo("America/Los_Angeles"),
    report_form="2017",
    hubs={
        "datahub": HubPlace(
            name="datahub", url="https://datahub.example.edu", cluster="prod", namespace="data"
        )
    },
)


FOLDER = (Target(kind=TargetKind.FOLDER),)
TARGETS = (
    Target(kind=TargetKind.ISSUE, repository="practice/incidents", is_private=True),
    *FOLDER,
)
PULL = Target(
    kind=TargetKind.PULL_REQUEST,
    repository="practice/incidents",
    path="docs/incidents/{date}-{slug}.qmd",
    index="docs/incidents/index.qmd",
    is_private=True,
)
FILED = [item for item in ITEMS if link_kind(item.link) is LinkKind.OTHER]
"""The items that are not tracked elsewhere."""


@dataclass
class Office:
    """A database with one closed incident, and what publishing needs."""

    store: Store
    github: Practice
    repository: str
    folder: Path
    mortal: Mortal
    durable: Inline

    def publish(
        self,
        *,
        forge: bool = True,
        folder: Any = None,
        at_once: bool = False,
        targets: Sequence[Target] = (),
        assignees: Sequence[str] = (),
        is_approved: bool = True,
        **settings: Any,
    ) -> None:
        """Run the workflow as in a new process, by default once interrupted calls can have no more effect.

        Somebody has approved the text before, unless a test says otherwise.
        """
        if not at_once:
            let_calls_end(self.store)
        chat: Any = Directory()
        people = People(self.store, chat, lambda: NOW)
        any_forge: Any = self.mortal
        filing = Filing(assignees=assignees)
        reports = Reports(self.store, people, replace(SETTINGS, **settings))
        places = targets or (TARGETS if forge else FOLDER)
        guards = Guards(self.store, replace(SETTINGS, **settings))
        composer = Composer(self.store, reports, filing, places, guards, SETTINGS.forms)
        durable: Any = self.durable
        approvals = Approvals(
            self.store,
            durable,
            composer,
            lambda: NOW,
            repository=lambda _name: any_forge.check(),
            look=Rows(self.store).look,
            publish=partial(publish.enqueue, durable),
        )
        if is_approved:
            approved(self.store, composer, approvals, INCIDENT.id)
        Publish(
            self.store,
            Reconciler(
                self.store,
                lambda: NOW,
                lease=AlwaysHeld(self.store),
                limits=Limits(),
                slack_time=lambda: NOW,
            ),
            self.durable,
            reports,
            composer,
            approvals,
            folder or ReportFolder(self.folder),
            lambda _repository: any_forge,
            lambda: NOW,
            Rows(self.store).look,
        ).workflow(INCIDENT.id)

    def resources(self) -> Mapping[str, resource_rows.ResourceRow]:
        with self.store.read() as tx:
            return resource_rows.of_incident(tx, INCIDENT.id)

    def note(self, clock: str, text: str) -> None:
        note(self.store, clock, text, now=NOW)

    def issues(self) -> list[PracticeIssue]:
        """The issues of its repository."""
        return self.github.sandbox.issues(self.repository)

    def published(self) -> int:
        """How often a place of the report was announced."""
        return len(self.announced())

    def announced(self) -> list[str]:
        """Where the report was, at each announcement."""
        with self.store.read() as tx:
            entries = timeline_rows.entries(tx, INCIDENT.id)
        return [entry.data["url"] for entry in entries if entry.kind is EntryKind.PUBLISHED]


def person(github: Practice) -> Github:
    """GitHub as a person uses it."""
    return Github(
        auth=Auth.Token(github.sandbox.token),
        base_url=github.sandbox.api_url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )


def new_repository(github: Practice) -> Repository:
    """A new repository: tests share one GitHub, because each takes seconds to start."""
    name = f"reports-{next(_numbers)}"
    return person(github).get_organization("practice").create_repo(name, auto_init=True)


@contextmanager
def office_with(
    github: Practice,
    repository: str,
    directory: Path,
    items: Sequence[ActionItem] = ITEMS,
    forge: GitHubForge | None = None,
) -> Iterator[Office]:
    """An office with one closed incident that has these action items."""
    store = Store(f"sqlite:///{directory / 'mayday.db'}")
    store.migrate()
    with store.write() as tx:
        incident_rows.add(tx, INCIDENT)
        for number, item in enumerate(items):
            incident_rows.add_item(tx, replace(item, source=item.id, position=number + 1))
    forge = forge or client(github.sandbox.api_url, repository=repository, timeout=3)
    office = Office(
        store=store,
        github=Practice(sandbox=github.sandbox, forge=forge),
        repository=repository,
        folder=directory / "reports",
        mortal=Mortal(forge),
        durable=Inline(),
    )
    office.note("21:10:57", "The proxy pod is evicted.")
    office.note("22:03:00", "The last student is fine again.")
    yield office
    github.sandbox.faults.clear()
    forge.close()
    store.close()
