"""One incident with an item whose issue is on a strict practice GitHub, and what keeps the two in step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.github_issues import TrackedIssues
from bot.domain.actions import ActionItem
from bot.domain.item_states import ItemState
from bot.domain.limits import Limits
from bot.ports import Origin
from bot.services.edits import Edits
from bot.services.item_follow import POLL, Hint, ItemFollow
from bot.services.items import Items
from bot.store import incidents as incident_rows
from bot.store import items as rows
from bot.store.engine import Store
from sandbox.github import GitHubSandbox
from tests.support.forge import Practice
from tests.support.leases import AlwaysHeld
from tests.support.rows import POLICY, Hands, NoWork, act, settings
from tests.support.strict_github import Refusal, StrictGitHub

REPOSITORY = GitHubSandbox.repository
ISSUES = f"/repos/{REPOSITORY}/issues"
SHORT = Limits(call=3.0)


@dataclass(kw_only=True)
class Setup:
    """One incident with an item whose issue is on a strict GitHub, and what keeps them in step."""

    github: Practice
    strict: StrictGitHub
    store: Store
    now: Hands
    issues: TrackedIssues
    work: NoWork = field(default_factory=NoWork)

    def __post_init__(self) -> None:
        self.follow = self.replica()
        items = Items(self.store, self.now, settings(), place=self.follow.place)
        self.edits = Edits(self.store, self.work, self.now, settings(), item_changed=items.follow)
        self.item_id = self.filed("a1")
        self.follow.tick()

    def replica(self) -> ItemFollow:
        """Another process on the same database."""
        lease: Any = AlwaysHeld(self.store)
        return ItemFollow(
            self.store, self.work, self.issues, self.now, POLICY, lease=lease, limits=SHORT
        )

    def filed(self, item_id: str) -> str:
        """File an item's issue, as publishing does."""
        origin = Origin(incident="abc123abc123", item=item_id)
        made = self.github.forge.open_issue("T", "b", origin=origin, labels=["x"], assignees=[])
        host, port = self.strict.address
        url = f"http://{host}:{port}/{REPOSITORY}/issues/{made.number}"
        with self.store.write() as tx:
            incident_rows.add_item(
                tx,
                ActionItem(
                    id=item_id,
                    incident_id="abc123abc123",
                    position=0,
                    group="Technical improvements",
                    title="Add an alert",
                    owner="U0ANA",
                    issue_url=url,
                    source=item_id,
                    created_at=self.now(),
                ),
            )
        return item_id

    @property
    def item(self) -> ActionItem:
        with self.store.read() as tx:
            found = rows.get(tx, self.item_id)
        assert found is not None
        return found

    @property
    def number(self) -> int:
        return int(self.item.tracked_at.rpartition("/")[2])

    def hint(self) -> Hint:
        return Hint(repository=REPOSITORY, number=self.number)

    def on_github(self, **values: str) -> None:
        """Change the issue as a person on GitHub does."""
        self.github.forge._repo.get_issue(self.number).edit(**values)  # type: ignore[arg-type]

    def shown(self) -> tuple[str, str | None]:
        raw = self.github.sandbox.get(f"{ISSUES}/{self.number}")
        return raw["state"], raw["state_reason"]

    def decide(self, state: ItemState, **values: Any) -> None:
        self.edits.change(act(**values), f"item/{self.item_id}", {"state": state.value})

    def later(self, by: timedelta = POLL) -> None:
        self.now.at += by

    def delete(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Delete the issue, which emulate can't: lists leave it out, and reading it answers 410."""
        refusal = Refusal(
            status=410, message="This issue was deleted", path=f"{ISSUES}/{self.number}"
        )
        self.strict.refusals.append(refusal)
        read = self.issues.changed

        def listed(*args: Any, **values: Any) -> Any:
            found = read(*args, **values)
            return replace(found, issues=()) if found else None

        monkeypatch.setattr(self.issues, "changed", listed)

    def writes(self) -> int:
        return self.github.sandbox.proxy.count("PATCH")
