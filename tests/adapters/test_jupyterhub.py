"""The hub's adapter on a stub, for faults; contracts/jupyterhub tests real hubs."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.domain.hubs import Health
from bot.errors import ConfigError, RetryLater, UserError
from bot.ports import Hub, Started, Stopped
from tests.support.faults import WAITS
from tests.support.hub_stub import (
    HTML,
    TOKEN,
    hub_at,
    page,
    paged,
    refusal,
    saying,
    stubbed,
    user,
)
from tests.support.stub import Answer, Asked, nobody_there, stub

INGRESS_404 = Answer(status=404, body="default backend - 404")
SOMEBODY_ELSES = Answer(status=404, body={"message": "no Route matched with those values"})
HIDDEN = "No access to resources or resources not found"


def test_the_adapter_is_the_port() -> None:
    with saying(page([])) as hub:
        port: Hub = hub
        assert port.servers().complete


# --- what the token may not see ----------------------------------------------------------------


@pytest.mark.parametrize("hidden", [{}, {"servers": None}, {"servers": {}}])
def test_an_active_user_whose_servers_are_not_shown_makes_the_view_incomplete(
    hidden: dict[str, object],
) -> None:
    people = [user("ana"), {"name": "ben", **hidden}]
    with stubbed(paged(people)) as (hub, _running):
        view = hub.servers()
    assert [server.user for server in view.items] == ["ana"]
    assert view.unknown == (
        "Hub datahub does not show the servers of user ben: the token needs the scope read:servers "
        "without a filter."
    )


def test_many_users_whose_servers_are_not_shown_are_counted() -> None:
    with stubbed(paged([{"name": f"u{n}"} for n in range(31)])) as (hub, _running):
        view = hub.servers()
    assert (view.items, view.read, view.complete) == ((), True, False)
    assert "of user u0 and 30 more" in view.unknown


@pytest.mark.parametrize("hidden", [{}, {"servers": None}])
def test_one_server_that_is_not_shown_is_not_absent(hidden: dict[str, object]) -> None:
    with (
        saying(Answer(body={"name": "ana", **hidden})) as hub,
        pytest.raises(UserError, match=r"does not show the servers of user ana: .* read:servers"),
    ):
        hub.server("ana", "")


def test_a_user_without_servers_has_none() -> None:
    with saying(Answer(body={"name": "ana", "servers": {}})) as hub:
        assert hub.server("ana", "") is None


@pytest.mark.parametrize("message", [None, "Not Found"])  # since 6, and before
def test_only_a_404_of_the_hub_itself_says_that_there_is_nobody(message: str | None) -> None:
    with saying(refusal(404, message)) as hub:
        assert hub.server("ana", "") is None
        assert not hub.knows("ana")
        assert hub.stop_server("ana", "") is Stopped.UNKNOWN


VERBS: dict[str, Callable[[JupyterHub], object]] = {
    "server": lambda hub: hub.server("ana", ""),
    "knows": lambda hub: hub.knows("ana"),
    "stop": lambda hub: hub.stop_server("ana", ""),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("answer", [INGRESS_404, SOMEBODY_ELSES, Answer(status=404, body={})])
def test_a_404_of_somebody_else_says_nothing_of_a_user(
    verb: Callable[[JupyterHub], object], answer: Answer
) -> None:
    with saying(answer) as hub, pytest.raises(UserError, match="not JupyterHub's API"):
        verb(hub)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_user_whom_a_filtered_scope_hides_is_not_absent(
    verb: Callable[[JupyterHub], object],
) -> None:
    with saying(refusal(404, HIDDEN)) as hub, pytest.raises(UserError, match="without a filter"):
        verb(hub)


def test_a_user_is_known_by_exactly_that_name() -> None:
    with saying(Answer(body={"name": "ana"})) as hub:
        assert hub.knows("ana")
        assert not hub.knows("Ana")  # a case-insensitive database


def test_access_names_scopes_and_version_exactly() -> None:
    scopes = ["list:users!group=a", "read:servers", "proxy"]
    told = Answer(body={"scopes": scopes}, headers={"X-JupyterHub-Version": "5.4.5"})
    with saying(told) as hub:
        seen = hub.access()
        assert (seen.version, seen.scopes) == ("5.4.5", frozenset(scopes))


def test_a_version_that_no_header_tells_is_asked_for() -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(body={"version": "4.1.6"} if asked.path == "/hub/api/" else {"scopes": []})

    with stubbed(answer) as (hub, _running):
        assert hub.access().version == "4.1.6"


def test_the_hubs_clock_is_told_by_its_answers() -> None:
    with saying(Answer(body={"scopes": [], "version": "6.1.1"})) as hub:
        clock = hub.access().clock
    assert clock is not None
    assert abs(clock - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("body", [{}, {"scopes": None}, {"scopes": "proxy"}, {"scopes": [1]}, []])
def test_scopes_that_are_none_never_read_as_no_scopes(body: object) -> None:
    with saying(Answer(body=body)) as hub, pytest.raises(UserError, match="not JupyterHub's API"):
        hub.access()


# --- starting and stopping ---------------------------------------------------------------------


def test_names_with_odd_characters_stay_one_piece_of_the_path() -> None:
    with stubbed(lambda _asked: Answer(status=204)) as (hub, running):
        assert hub.stop_server("a/b c@d", "g/u") is Stopped.GONE
    assert running.asked[0].path == "/hub/api/users/a%2Fb%20c%40d/servers/g%2Fu"


@pytest.mark.parametrize(("name", "sent"), [(".", "%2E"), ("..", "%2E%2E"), ("a..b", "a..b")])
def test_a_server_named_by_dots_is_not_another_object(name: str, sent: str) -> None:
    """Removed from the path, ``..`` would make the stop of a server the deletion of its user."""
    with stubbed(lambda _asked: Answer(status=204)) as (hub, running):
        assert hub.stop_server("ana", name) is Stopped.GONE
        hub.stop_server(name, "")
    assert [asked.path for asked in running.asked] == [
        f"/hub/api/users/ana/servers/{sent}",
        f"/hub/api/users/{sent}/server",
    ]


@pytest.mark.parametrize(
    ("answer", "started"),
    [
        (Answer(status=201), Started.READY),
        (Answer(status=202), Started.PENDING),
        (refusal(400, "ana is already running"), Started.READY),
    ],
    ids=["started", "slow", "runs"],
)
def test_a_start(answer: Answer, started: Started) -> None:
    with stubbed(lambda _asked: answer) as (hub, running):
        assert hub.start_server("ana", "gpu") is started
    (asked,) = running.asked
    assert (asked.method, asked.path) == ("POST", "/hub/api/users/ana/servers/gpu")


@pytest.mark.parametrize("message", ["ana is pending stop", "Named servers are not enabled."])
def test_a_start_that_is_refused(message: str) -> None:
    with saying(refusal(400, message)) as hub, pytest.raises(UserError, match="refused: "):
        hub.start_server("ana", "")


def test_a_hub_before_5_1_cannot_cancel_a_start() -> None:
    old = Answer(
        status=400,
        body={"status": 400, "message": "ana is pending spawn, please wait"},
        headers={"X-JupyterHub-Version": "4.1.6"},
    )
    with saying(old) as hub, pytest.raises(UserError) as told:
        hub.stop_server("ana", "")
    assert str(told.value) == (
        "Hub datahub (JupyterHub 4.1.6) cannot cancel a pending start: "
        "this requires JupyterHub 5.1."
    )


def test_an_old_hub_fails_at_stopping_for_a_user_whom_it_does_not_know() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.method == "DELETE":
            return refusal(500, "Internal Server Error")
        return refusal(404, "Not Found") if asked.path.endswith("/nobody") else Answer(body=ana)

    ana: dict[str, object] = {"name": "ana", "servers": {}}
    with stubbed(answer) as (hub, _running):
        assert hub.stop_server("nobody", "") is Stopped.UNKNOWN
        with pytest.raises(RetryLater, match="failed with 500"):
            hub.stop_server("ana", "")


# --- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (Answer(status=500), RetryLater, "failed with 500"),
        (Answer(status=503, body="no"), RetryLater, "failed with 503"),
        (Answer(status=429, headers={"Retry-After": "40"}), RetryLater, "asks mayday to wait"),
        (Answer(status=404, body="<html>"), UserError, "set hubs[].api_url"),
        (Answer(status=403, body="<html>"), UserError, "set hubs[].api_url"),
        (Answer(status=302, headers={"Location": "/hub/login"}), UserError, "set hubs[].api_url"),
        (HTML, UserError, "set hubs[].api_url"),
        (Answer(body=[1, 2]), UserError, "set hubs[].api_url"),
        (Answer(body=""), UserError, "set hubs[].api_url"),
        (Answer(body='{"items": [{"name"'), UserError, "set hubs[].api_url"),
        (refusal(403, "Missing or invalid credentials."), UserError, "token"),
        (refusal(409, "one\ntwo"), UserError, "refused: one two."),
        (Answer(hang=True), RetryLater, "did not answer in time"),
        (Answer(drop=True), RetryLater, "was lost"),
    ],
)
def test_each_failure_is_one_sentence_that_names_the_hub(
    answer: Answer, error: type[Exception], says: str
) -> None:
    with (
        stub(lambda _asked: answer) as running,
        hub_at(running.url, timeout=2.0 if answer.hang else 10.0) as hub,
        pytest.raises(error) as failure,
    ):
        hub.servers()
    told = str(failure.value)
    assert says in told
    assert "datahub" in told
    assert "\n" not in told
    assert TOKEN not in "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize("drip", ["header", "body"])
def test_an_answer_that_comes_byte_by_byte_is_given_up_in_time(drip: Any) -> None:
    """Each byte arrives in time, so only a total limit ends it."""
    with (
        stub(lambda _asked: Answer(drip=drip)) as running,
        hub_at(running.url, timeout=0.5) as hub,
    ):
        began = time.monotonic()
        with pytest.raises(RetryLater, match="did not answer in time"):
            hub.servers()
        with pytest.raises(RetryLater, match="could not reach its proxy"):
            hub.routes()
        assert hub.health() == Health(hub=False, proxy=False)
        assert time.monotonic() - began < 20, "four requests of half a second"


def test_the_token_goes_to_the_api_only_and_along_no_redirect() -> None:
    with stub(lambda _asked: HTML) as elsewhere:
        away = Answer(status=307, headers={"Location": f"{elsewhere.url}/hub/api/users"})
        with stubbed(lambda _asked: away) as (hub, running):
            with pytest.raises(UserError, match=r"set hubs\[\]\.api_url"):
                hub.servers()
            with pytest.raises(UserError):
                hub.stop_server("ana", "")
            asked_with_token = len(running.asked)
            assert hub.health() == Health(hub=False, proxy=None)
    assert elsewhere.asked == []
    assert all("authorization" in asked.headers for asked in running.asked[:asked_with_token])
    assert all("authorization" not in asked.headers for asked in running.asked[asked_with_token:])


@pytest.mark.parametrize("address", ["hub:8081/hub/api", "", "http://[::1"])
def test_an_address_that_is_none(address: str) -> None:
    hub = JupyterHub(name="datahub", url=address, api_url=address, token=TOKEN)
    with pytest.raises(UserError, match=r"hubs\[\]\.url of datahub is not a URL"):
        hub.health()
    with pytest.raises(UserError, match=r"hubs\[\]\.api_url of datahub is not a URL"):
        hub.servers()
    hub.close()


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}é", f" {TOKEN}"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with (
        pytest.raises(ConfigError, match=r"hubs\[\]\.api_token") as refused,
        hub_at("", token=token),
    ):
        pass
    assert TOKEN not in "".join(traceback.format_exception(refused.value))


def test_an_api_url_at_which_nobody_listens() -> None:
    with (
        nobody_there() as url,
        hub_at(url) as hub,
        pytest.raises(RetryLater, match="does not answer at") as told,
    ):
        hub.servers()
    assert not told.value.maybe_done


def test_a_wait_that_the_hub_asks_for_is_passed_on() -> None:
    busy = Answer(status=429, headers={"Retry-After": "40"})
    with saying(busy) as hub, pytest.raises(RetryLater) as failure:
        hub.stop_server("ana", "")
    assert (failure.value.after, failure.value.maybe_done) == (40.0, False)


@pytest.mark.parametrize(("status", "otherwise"), [(429, 30.0), (503, 10.0)])
@pytest.mark.parametrize(("asked", "seconds"), WAITS.items())
def test_a_wait_that_is_nonsense(
    asked: str, seconds: float | None, status: int, otherwise: float
) -> None:
    busy = Answer(status=status, headers={"Retry-After": asked})
    with saying(busy) as hub, pytest.raises(RetryLater) as failure:
        hub.servers()
    assert failure.value.after == (seconds or otherwise)
