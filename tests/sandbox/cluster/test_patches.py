"""Lists in patches, in more detail than the contracts. The input stays unchanged."""

from __future__ import annotations

import pytest

from sandbox.cluster.patches import MERGE_PATCH, STRATEGIC_PATCH, apply_patch

NS = "hub-prod"
POD = {
    "metadata": {"name": "a", "labels": {"x": "1"}, "finalizers": ["one"]},
    "spec": {
        "containers": [
            {
                "name": "chp",
                "image": "v1",
                "env": [{"name": "A", "value": "1"}],
                "args": ["x", "y"],
            },
            {"name": "side", "image": "v1"},
        ]
    },
}


@pytest.mark.parametrize(
    ("patch", "images"),
    [
        ({"name": "chp", "image": "v2"}, {"chp": "v2", "side": "v1"}),
        ({"name": "third", "image": "v3"}, {"chp": "v1", "side": "v1", "third": "v3"}),
    ],
)
def test_strategic_lists_of_maps(patch: dict[str, str], images: dict[str, str]) -> None:
    new = apply_patch(STRATEGIC_PATCH, POD, {"spec": {"containers": [patch]}})
    assert {c["name"]: c["image"] for c in new["spec"]["containers"]} == images
    assert len(POD["spec"]["containers"]) == 2


def test_strategic_replaces_lists_without_a_key() -> None:
    container = {"name": "chp", "args": ["z"], "env": [{"name": "B", "value": "2"}]}
    new = apply_patch(STRATEGIC_PATCH, POD, {"spec": {"containers": [container]}})
    assert new["spec"]["containers"][0]["args"] == ["z"]
    assert [e["name"] for e in new["spec"]["containers"][0]["env"]] == ["A", "B"]


def test_a_merge_patch_replaces_lists_and_null_removes() -> None:
    patch = {"metadata": {"labels": {"x": None, "y": "2"}}, "spec": {"containers": []}}
    new = apply_patch(MERGE_PATCH, POD, patch)
    assert new["metadata"]["labels"] == {"y": "2"}
    assert new["spec"]["containers"] == []
