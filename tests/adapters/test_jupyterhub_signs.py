"""The hub's metrics and its certificate, from stubs of a hub."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.jupyterhub import JupyterHub
from bot.domain.signs import HubMetrics
from bot.errors import RetryLater, UserError
from tests.support.certificates import issued, self_signed
from tests.support.hub_stub import HTML, hub_at, refusal, saying
from tests.support.stub import Answer, nobody_there, stub

VERSION = {"X-JupyterHub-Version": "6.1.1"}

METRICS = """\
# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.7957484e+09
# TYPE jupyterhub_running_servers gauge
jupyterhub_running_servers 31.0
# TYPE jupyterhub_server_spawn_duration_seconds histogram
jupyterhub_server_spawn_duration_seconds_bucket{le="0.5",reason="",status="success"} 3.0
jupyterhub_server_spawn_duration_seconds_count{reason="",status="success"} 40.0
jupyterhub_server_spawn_duration_seconds_count{reason="timeout",status="failure"} 3.0
jupyterhub_server_spawn_duration_seconds_count{reason="error",status="failure"} 2.0
# TYPE jupyterhub_request_duration_seconds histogram
jupyterhub_request_duration_seconds_count{code="200",handler="a.B",method="GET"} 100.0
jupyterhub_request_duration_seconds_count{code="500",handler="a.B",method="GET"} 4.0
jupyterhub_request_duration_seconds_count{code="503",handler="a.C",method="GET"} 1.0
jupyterhub_event_loop_interval_seconds_sum 6.0
jupyterhub_event_loop_interval_seconds_count 4.0
jupyterhub_check_routes_duration_seconds_sum 9.0
jupyterhub_check_routes_duration_seconds_count 6.0
"""


def test_the_metrics_of_a_hub() -> None:
    with saying(Answer(body=METRICS)) as hub:
        found = hub.metrics()
    assert found == HubMetrics(
        running=31,
        spawns={"success": 40, "failure": 5},
        errors=5,
        event_loop_lag=1.5,
        route_check=1.5,
        started_at=datetime.fromtimestamp(1795748400, UTC),
    )


def test_what_a_hub_does_not_export_is_unknown() -> None:
    few = "jupyterhub_running_servers 0.0\njupyterhub_check_routes_duration_seconds_count 0.0\n"
    with saying(Answer(body=few)) as hub:
        assert hub.metrics() == HubMetrics(running=0)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_number_is_unknown(value: str) -> None:
    said = f"jupyterhub_running_servers {value}\nprocess_start_time_seconds 1795748400\n"
    with saying(Answer(body=said)) as hub:
        found = hub.metrics()
    assert found == HubMetrics(started_at=datetime.fromtimestamp(1795748400, UTC))


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            Answer(status=403, body="<html>403</html>", headers=VERSION),
            UserError,
            "lacks a scope \\(read:metrics\\)",
        ),
        (Answer(status=403, body="<html>403</html>"), UserError, "not JupyterHub"),
        (refusal(404, "Not Found"), UserError, "refused: Not Found"),
        (Answer(status=500, body="<html>"), RetryLater, "failed with 500"),
        (refusal(429, "slow"), RetryLater, "asks mayday to wait"),
        (HTML, UserError, "not JupyterHub"),
        (Answer(body="jupyterhub_running_servers many\n"), UserError, "not JupyterHub"),
        (Answer(body="process_start_time_seconds 1e30\n"), UserError, "not JupyterHub"),
        (Answer(drop=True), RetryLater, "was lost"),
    ],
)
def test_metrics_that_cannot_be_read(answer: Answer, error: type[Exception], says: str) -> None:
    with saying(answer) as hub, pytest.raises(error, match=says):
        hub.metrics()


def test_a_certificate_without_tls_is_none() -> None:
    with saying(HTML) as hub:
        assert hub.certificate() is None


def reading(url: str) -> JupyterHub:
    return JupyterHub(name="datahub", url=url, api_url=f"{url}/hub/api", token="x", timeout=2.0)


@pytest.mark.parametrize(("age", "valid"), [(1, 30), (60, 30)], ids=["valid", "expired"])
def test_the_certificate_of_the_public_address(tmp_path: Path, age: int, valid: int) -> None:
    served = issued(tmp_path, age_days=age, valid_days=valid)
    with stub(lambda _asked: HTML, tls=served.context) as running:
        found = reading(running.url).certificate()
    assert running.asked == [], "nothing is sent to a server whose certificate is not checked"
    assert found is not None
    assert (found.subject, found.issuer) == ("127.0.0.1", "the site's authority")
    expires = datetime.now(UTC) + timedelta(days=valid - age)
    assert abs(found.expires_at - expires) < timedelta(minutes=5)


def test_a_self_signed_certificate_has_a_date_too(tmp_path: Path) -> None:
    with stub(lambda _asked: HTML, tls=self_signed(tmp_path).context) as running:
        assert reading(running.url).certificate() is not None


def test_an_address_where_nobody_speaks_tls() -> None:
    with stub(lambda _asked: HTML) as plain, pytest.raises(UserError):
        reading(plain.url.replace("http:", "https:")).certificate()
    with nobody_there() as nowhere, pytest.raises(RetryLater, match="Nothing answers"):
        reading(nowhere.replace("http:", "https:")).certificate()


def test_a_server_that_accepts_and_says_nothing() -> None:
    with (
        stub(lambda _asked: Answer(hang=True)) as silent,
        hub_at(silent.url, timeout=0.3) as hub,
        pytest.raises(RetryLater),
    ):
        hub.metrics()
