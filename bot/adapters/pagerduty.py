"""An on-call schedule of PagerDuty, by its REST API v2 (``GET /oncalls``)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.domain.retry_after import retry_after_seconds
from bot.errors import RetryLater, UserError
from bot.ports import OnCallPerson

PAGE = 100
"""The most that PagerDuty returns at once. A schedule has one person on call on each level of each policy."""

NO_ANSWER = "PagerDuty does not answer for the schedule {name}."
BUSY = "PagerDuty failed for the schedule {name} (HTTP {status})."
NOT_ACCEPTED = "PagerDuty rejects the token: set pagerduty.token to a current one that can read."
NOT_FOUND = "PagerDuty has no schedule {schedule}: correct on_call[].pagerduty of {name}."
REFUSED = (
    "PagerDuty refused to show the schedule {name} (HTTP {status}): check on_call[].pagerduty."
)
MALFORMED = "PagerDuty's answer for the schedule {name} can't be read."


class PagerDutySchedule:
    """The schedule with the id ``schedule``, which people know as ``name``. ``timeout`` is in seconds."""

    def __init__(
        self, *, name: str, schedule: str, token: str, api_url: str, timeout: float
    ) -> None:
        self._name = name
        self._schedule = schedule
        self._url = f"{api_url.rstrip('/')}/oncalls"
        tls = httpx.create_ssl_context()
        tls.load_default_certs()
        headers = {
            "Authorization": f"Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
        }
        self._client = BoundedClient(timeout=timeout, tls=tls, headers=headers)

    def at(self, moment: datetime) -> tuple[OnCallPerson, ...]:
        """Return who is on call then, those of the first level first."""
        query = httpx.QueryParams(
            [
                ("schedule_ids[]", self._schedule),
                ("include[]", "users"),
                ("since", _iso(moment)),
                ("until", _iso(moment + timedelta(seconds=1))),
                ("limit", str(PAGE)),
            ]
        )
        try:
            answer = self._client.request("GET", f"{self._url}?{query}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RetryLater(NO_ANSWER.format(name=self._name), maybe_done=False) from error
        self._check(answer)
        try:
            found = list(answer.json()["oncalls"])
            found.sort(key=lambda each: int(each.get("escalation_level") or 0))
            people = [_person(each["user"]) for each in found]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise RetryLater(MALFORMED.format(name=self._name), maybe_done=False) from error
        return tuple(dict.fromkeys(people))

    def _check(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status == 429 or status >= 500:
            reset = answer.headers.get("ratelimit-reset") or answer.headers.get("Retry-After")
            wait = retry_after_seconds(reset, datetime.now(UTC), default=30)
            said = BUSY.format(name=self._name, status=status)
            raise RetryLater(said, after=wait, maybe_done=False)
        if status in (401, 403):
            raise UserError(NOT_ACCEPTED)
        if status == 404:
            raise UserError(NOT_FOUND.format(schedule=self._schedule, name=self._name))
        if status != 200:
            raise UserError(REFUSED.format(name=self._name, status=status))


def _person(user: dict[str, Any]) -> OnCallPerson:
    email = str(user.get("email") or "")
    return OnCallPerson(
        name=str(user.get("name") or user.get("summary") or user["id"]),
        emails=(email,) if email else (),
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
