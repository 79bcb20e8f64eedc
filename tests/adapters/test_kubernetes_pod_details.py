"""The details of a pod from its JSON, as an API server gives it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.kubernetes_pod_details import details
from bot.domain.hubs import Pod

POD: dict[str, Any] = {
    "spec": {
        "containers": [
            {
                "name": "chp",
                "image": "registry.example.edu/chp:4.6",
                "resources": {"limits": {"memory": "512Mi"}},
            },
            {"name": "side", "image": "side:1", "resources": {"limits": {"memory": "128M"}}},
        ],
        "volumes": [
            {"name": "config", "configMap": {"name": "config"}},
            {"name": "db", "persistentVolumeClaim": {"claimName": "hub-db-dir"}},
        ],
    },
    "status": {
        "containerStatuses": [
            {"state": {"running": {"startedAt": "2017-02-24T05:11:04Z"}}},
            {"state": {"running": {"startedAt": "2017-02-24T05:11:01Z"}}},
            {"state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        ],
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "False", "lastTransitionTime": "2017-02-24T05:12:00Z"},
        ],
    },
}


def test_the_details_of_a_pod() -> None:
    found = Pod(name="proxy", uid="u", phase="Running", **details(POD))
    assert found.running_since == datetime(2017, 2, 24, 5, 11, 4, tzinfo=UTC)
    assert found.unready_since == datetime(2017, 2, 24, 5, 12, tzinfo=UTC)
    assert found.images == ("registry.example.edu/chp:4.6", "side:1")
    assert found.claims == ("hub-db-dir",)
    assert found.memory_limit == 512 * 2**20 + 128_000_000


def test_what_the_api_server_leaves_out_is_unknown() -> None:
    bare = Pod(name="proxy", uid="u", phase="Pending", **details({}))
    assert bare == Pod(name="proxy", uid="u", phase="Pending")
    free = {"spec": {"containers": [POD["spec"]["containers"][0], {"name": "free"}]}}
    assert details(free)["memory_limit"] is None
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    assert details(ready)["unready_since"] is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2017-02-24T05:11:04.123456789Z", datetime(2017, 2, 24, 5, 11, 4, 123456, tzinfo=UTC)),
        ("2017-02-24T05:11:04", datetime(2017, 2, 24, 5, 11, 4, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
    ],
)
def test_a_time_has_a_zone_and_can_be_shown_in_every_other(text: str, at: datetime | None) -> None:
    pod = {
        "status": {
            "containerStatuses": [{"state": {"running": {"startedAt": text}}}],
            "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": text}],
        }
    }
    found = details(pod)
    assert (found["running_since"], found["unready_since"]) == (at, at)
