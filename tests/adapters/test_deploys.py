"""What was merged into a hub's deploy repository, from a stub of GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.deploys import MOST, PAGE, DeployRepository
from bot.adapters.github import credentials
from bot.domain.signs import Merge
from bot.errors import RetryLater, UserError
from tests.support.stub import Answer, Asked, Stub, stub

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=6)


def pull(
    number: int, *, merged: float | None = None, updated: float | None = None
) -> dict[str, Any]:
    """A closed pull request, with the hours since its merge and since its last change."""

    def at(hours: float) -> str:
        return (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")

    return {
        "url": f"http://127.0.0.1/repos/org/hubs/pulls/{number}",
        "number": number,
        "title": f"Change {number}",
        "html_url": f"https://github.com/org/hubs/pull/{number}",
        "user": {"login": "ana"},
        "merge_commit_sha": f"{number:040}",
        "merged_at": None if merged is None else at(merged),
        "updated_at": at(updated if updated is not None else merged or 0),
    }


@contextmanager
def deploys(
    *pulls: dict[str, Any], answer: Answer | None = None
) -> Iterator[tuple[DeployRepository, Stub]]:
    def given(asked: Asked) -> Answer:
        if answer is not None:
            return answer
        page = int(asked.query.get("page", 1))
        size = int(asked.query.get("per_page", PAGE))
        part = list(pulls[(page - 1) * size : page * size])
        more = f'<{running.url}{asked.path}?page={page + 1}&per_page={size}>; rel="next"'
        return Answer(body=part, headers={"Link": more} if len(pulls) > page * size else {})

    with stub(given) as running:
        auth = credentials(token="s3cret")
        made = DeployRepository(
            auth=auth, repository="org/hubs", api_url=running.url, timeout=1.0, backoff=0
        )
        yield made, running
        made.close()


def test_the_merges_of_the_last_hours_take_one_request() -> None:
    with deploys(
        pull(7, merged=1),
        pull(6, updated=2),
        pull(5, merged=2.5, updated=2.2),
        pull(4, merged=90, updated=3),
        pull(3, merged=7),
    ) as (repository, running):
        found = repository.merges(SINCE)
    assert [merge.number for merge in found] == [7, 5]
    assert found[0] == Merge(
        repository="org/hubs",
        number=7,
        title="Change 7",
        url="https://github.com/org/hubs/pull/7",
        merged_at=NOW - timedelta(hours=1),
        author="ana",
        commit=f"{7:040}",
    )
    (asked,) = running.asked
    assert asked.path == "/repos/org/hubs/pulls"
    assert (asked.query["state"], asked.query["sort"]) == ("closed", "updated")


def test_many_pull_requests_are_read_up_to_a_limit() -> None:
    many = [pull(number, merged=1) for number in range(MOST + PAGE)]
    with deploys(*many) as (repository, running):
        assert len(repository.merges(SINCE)) == MOST
    assert len(running.asked) <= MOST / PAGE + 1


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            Answer(status=404, body={"message": "Not Found"}),
            UserError,
            "check hubs\\[\\].repository",
        ),
        (Answer(status=403, body={"message": "No."}), UserError, "pull_requests=read"),
        (Answer(status=401, body={"message": "Bad credentials"}), UserError, "credentials"),
        (
            Answer(status=301, headers={"Location": "/x"}),
            UserError,
            "hubs\\[\\].repository means it",
        ),
        (
            Answer(status=429, body={}, headers={"Retry-After": "7"}),
            RetryLater,
            "asks mayday to wait",
        ),
        (Answer(status=500, body={}), RetryLater, "did not answer"),
        (Answer(body="<html>"), RetryLater, "did not answer"),
        (Answer(body={"hello": "world"}), RetryLater, "did not answer"),
        (Answer(drop=True), RetryLater, "did not answer"),
        (Answer(hang=True), RetryLater, "did not answer"),
    ],
)
def test_merges_that_cannot_be_read(answer: Answer, error: type[Exception], says: str) -> None:
    with deploys(answer=answer) as (repository, _running), pytest.raises(error, match=says):
        repository.merges(SINCE)
