"""``mayday check`` names the permissions that mayday lacks on a hub or cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.check import check_cluster, check_hub
from bot.domain.evidence import View
from bot.domain.hubs import Server
from bot.errors import MaydayError, RetryLater
from tests.support.hubs import ACCESS, SCOPES, pod, route, server
from tests.support.rights import DELETE_PODS, PATCH_PROXY
from tests.support.scripted import HUB_POD, Scripted, site


def party() -> Scripted:
    """Ana works."""
    return Scripted(records=[server("ana")], live=[pod("ana")], known=[route("ana")])


def test_a_hub_and_a_cluster_that_can_be_used() -> None:
    assert check_hub(site(party())) == "JupyterHub 6.1.1: 1 server, 1 route"
    told = check_cluster(site(party()))
    assert told == "namespace datahub-prod: Deployment proxy 1/1, 1 user's pod"


@pytest.mark.parametrize("scope", ["list:users", "read:servers", "delete:servers", "proxy"])
@pytest.mark.parametrize("filtered", [True, False])
def test_a_scope_that_is_missing_or_filtered_is_named(scope: str, filtered: bool) -> None:
    narrow = party()
    more = {f"{scope}!group=a"} if filtered else set()
    narrow.who = replace(ACCESS, scopes=SCOPES - {scope} | more)
    with pytest.raises(MaydayError, match=f"lacks {scope} without a filter"):
        check_hub(site(narrow))


def test_a_hub_that_hides_servers_is_not_called_well() -> None:
    class Hiding(Scripted):
        def servers(self) -> View[Server]:
            return (
                super()
                .servers()
                .marked_incomplete("The hub does not show the servers of user ben.")
            )

    with pytest.raises(MaydayError, match="does not show the servers of user ben"):
        check_hub(site(Hiding(records=[server("ana")])))


def test_a_namespace_without_the_servers_pods_is_not_called_well() -> None:
    elsewhere = Scripted(records=[server("ana"), server("ben")], known=[route("ana")])
    with pytest.raises(MaydayError, match="None of the 2 ready servers has a pod in namespace"):
        check_cluster(site(elsewhere))


def test_two_hubs_in_one_namespace_are_pointed_out() -> None:
    two = party()
    two.parts.append(replace(HUB_POD, uid="uid-2", release="other"))
    with pytest.raises(MaydayError, match=r"set hubs\[\]\.release"):
        check_cluster(site(two))


def test_at_night_with_nobody_there_a_cluster_is_well() -> None:
    assert "0 users' pods" in check_cluster(site(Scripted()))


def test_a_clock_that_differs_is_pointed_out() -> None:
    skewed = party()
    assert ACCESS.clock is None
    skewed.who = replace(ACCESS, clock=server("ana").started)
    with pytest.raises(MaydayError, match="clocks of mayday and of hub datahub differ"):
        check_cluster(site(skewed))


def test_what_mayday_is_not_allowed_is_named_with_what_it_is_for() -> None:
    narrow = party()
    narrow.refused = {DELETE_PODS, PATCH_PROXY}
    assert check_cluster(site(narrow)).endswith(
        "; not allowed: patch deployments (for restart_proxy, roll_back), delete pods (for delete_pod, "
        "force_delete_pod, delete_failed_pod, force_delete_proxy_pod)"
    )


def test_events_that_cannot_be_listed_are_pointed_out() -> None:
    blind = party()
    blind.fails = {"events": RetryLater("mayday isn't allowed to list events.")}
    assert "not allowed: list events (for stuck starts)" in check_cluster(site(blind))
