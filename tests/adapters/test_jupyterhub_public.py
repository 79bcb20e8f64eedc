"""Answers at a hub's public address, and certificates at both addresses."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import deadline
from bot.adapters.jupyterhub import JupyterHub
from bot.domain.hubs import Health
from bot.errors import ConfigError, RetryLater, UserError
from tests.support.certificates import Served, issued, self_signed
from tests.support.stub import Answer, Asked, Stub, nobody_there, stub

VERSION = Answer(body={"version": "6.1.1"})
CHP = Answer(body={"status": "OK"})
LOGIN = Answer(body="<html>Sign in</html>")
INGRESS_404 = Answer(status=404, body="default backend - 404")
INGRESS_502 = Answer(status=502, body="<html>502 Bad Gateway</html>")


@contextmanager
def at(
    answer: Callable[[Asked], Answer],
    *,
    path: str = "",
    tls: ssl.SSLContext | None = None,
    ca_bundle: str = "",
    timeout: float = 10.0,
) -> Iterator[tuple[JupyterHub, Stub]]:
    with stub(answer, tls=tls) as running:
        hub = JupyterHub(
            name="datahub",
            url=running.url + path,
            api_url=f"{running.url}{path}/hub/api",
            token="0123456789abcdef",
            timeout=timeout,
            ca_bundle=ca_bundle,
        )
        yield hub, running
        hub.close()


def by_path(
    answers: dict[str, Answer], otherwise: Answer = INGRESS_404
) -> Callable[[Asked], Answer]:
    return lambda asked: answers.get(asked.path, otherwise)


HEADER = {"X-JupyterHub-Version": "6.1.1"}


SITES: dict[str, tuple[dict[str, Answer], Answer, tuple[bool, bool | None]]] = {
    "Zero to JupyterHub": ({"/hub/api/": VERSION, "/_chp_healthz": CHP}, LOGIN, (True, True)),
    "another proxy, which has no health page": (
        {"/hub/api/": VERSION},
        INGRESS_404,
        (True, True),
    ),
    "the header alone": ({"/hub/api/": Answer(headers=HEADER)}, INGRESS_404, (True, True)),
    "a hub that answers with an error": (
        {"/hub/api/": Answer(status=500, headers=HEADER)},
        INGRESS_404,
        (False, True),
    ),
    "a dead hub behind a living CHP": (
        {"/_chp_healthz": CHP},
        Answer(status=503, body="Service Unavailable"),
        (False, True),
    ),
    "a login page for everything": ({}, LOGIN, (False, None)),
    "a redirect to a login page": (
        {"/login": LOGIN},
        Answer(status=302, headers={"Location": "/login"}),
        (False, None),
    ),
    "an ingress that lost its proxy": ({}, INGRESS_502, (False, None)),
    "an ingress that knows no such site": ({}, INGRESS_404, (False, None)),
    "some other JSON": ({}, Answer(body={"version": 2, "status": "up"}), (False, None)),
    "JSON that is no object": ({}, Answer(body=["OK"]), (False, None)),
    "nobody in time": ({}, Answer(hang=True), (False, False)),
    "a connection that breaks": ({}, Answer(drop=True), (False, False)),
    "a hub too slow, behind a living CHP": (
        {"/_chp_healthz": CHP},
        Answer(hang=True),
        (False, True),
    ),
}


@pytest.mark.parametrize(("answers", "otherwise", "health"), SITES.values(), ids=SITES)
def test_health_is_what_only_a_hub_or_its_proxy_can_answer(
    answers: dict[str, Answer], otherwise: Answer, health: tuple[bool, bool | None]
) -> None:
    with at(by_path(answers, otherwise), timeout=2.0 if otherwise.hang else 10.0) as (
        hub,
        _running,
    ):
        assert hub.health() == Health(hub=health[0], proxy=health[1])


def test_nobody_listens() -> None:
    with nobody_there() as url:
        hub = JupyterHub(name="datahub", url=url, api_url=url, token="0123456789abcdef")
        assert hub.health() == Health(hub=False, proxy=False)
        hub.close()


def test_a_hub_under_a_path_of_a_shared_host_is_well() -> None:
    with at(by_path({"/jupyter/hub/api/": VERSION}), path="/jupyter") as (hub, running):
        assert hub.health() == Health(hub=True, proxy=True)
    assert [asked.path for asked in running.asked] == ["/jupyter/hub/api/"]


def test_the_proxys_own_page_is_asked_at_the_root_of_the_host() -> None:
    with at(by_path({"/_chp_healthz": CHP}), path="/jupyter") as (hub, running):
        assert hub.health() == Health(hub=False, proxy=True)
    assert [asked.path for asked in running.asked] == ["/jupyter/hub/api/", "/_chp_healthz"]


def test_a_redirect_to_https_is_told_for_it_says_nothing_of_the_hub() -> None:
    def to_https(asked: Asked) -> Answer:
        return Answer(status=308, headers={"Location": f"https://127.0.0.1{asked.path}"})

    with (
        at(to_https) as (hub, _running),
        pytest.raises(UserError, match=r"write hubs\[\]\.url with https"),
    ):
        hub.health()


# --- certificates ------------------------------------------------------------------------------


def _hub_answers(asked: Asked) -> Answer:
    if asked.path == "/hub/api/user":
        return Answer(body={"scopes": ["proxy"]}, headers=HEADER)
    return by_path({"/hub/api/": VERSION})(asked)


@pytest.mark.parametrize("make", [self_signed, issued])
def test_a_site_with_its_own_authority_is_trusted_by_its_bundle(
    make: Callable[[Path], Served], tmp_path: Path
) -> None:
    served = make(tmp_path)
    bundle = str(served.authority)
    with at(_hub_answers, tls=served.context, ca_bundle=bundle) as (hub, _running):
        assert hub.health() == Health(hub=True, proxy=True)
        assert hub.access().scopes == {"proxy"}


def _old(directory: Path) -> Served:
    return issued(directory, age_days=60, valid_days=30)


def _of_tomorrow(directory: Path) -> Served:
    return issued(directory, age_days=-1)


def _of_another_host(directory: Path) -> Served:
    return issued(directory, address="127.0.0.2")


@pytest.mark.parametrize(
    ("make", "trusted", "at_public", "at_api"),
    [
        (self_signed, False, "is self-signed: renew it, or set hubs[].ca_bundle", None),
        (
            issued,
            False,
            "was issued by an unknown authority: renew it, or set hubs[].ca_bundle",
            None,
        ),
        (_old, True, "has expired: renew it.", None),
        (_of_tomorrow, True, "is not valid yet: check its dates and the clock", None),
        (
            _of_another_host,
            True,
            "is for another host name: renew it for this name, or correct hubs[].url.",
            "is for another host name: renew it for this name, or correct hubs[].api_url.",
        ),
    ],
)
def test_each_certificate_that_is_refused_has_its_own_sentence(
    make: Callable[[Path], Served],
    trusted: bool,
    at_public: str,
    at_api: str | None,
    tmp_path: Path,
) -> None:
    served = make(tmp_path)
    bundle = str(served.authority) if trusted else ""
    with at(_hub_answers, tls=served.context, ca_bundle=bundle) as (hub, running):
        with pytest.raises(UserError) as public:
            hub.health()
        with pytest.raises(UserError) as api:
            hub.access()
    assert at_public in str(public.value)
    assert (at_api or at_public) in str(api.value)
    for told in (str(public.value), str(api.value)):
        assert told.startswith(f"The certificate at {running.url}")
        assert "of hub datahub" in told
        assert "check that the hub runs" not in told
    assert running.asked == [], "no token went to whoever that is"


def test_a_bundle_that_lacks_the_authority_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    served, other = issued(tmp_path), self_signed(tmp_path / "other")
    with (
        at(_hub_answers, tls=served.context, ca_bundle=str(other.authority)) as (hub, _running),
        pytest.raises(UserError, match=r"add its authority to the file in hubs\[\]\.ca_bundle"),
    ):
        hub.health()


def test_https_to_a_port_that_speaks_plain_http_is_no_dead_hub() -> None:
    with stub(_hub_answers) as running:
        url = running.url.replace("http:", "https:")
        hub = JupyterHub(
            name="datahub", url=url, api_url=f"{url}/hub/api", token="0123456789abcdef"
        )
        with pytest.raises(UserError, match=r"does not speak TLS .* the https in hubs\[\]\.url"):
            hub.health()
        with pytest.raises(
            UserError, match=r"does not speak TLS .* the https in hubs\[\]\.api_url"
        ):
            hub.access()
        hub.close()


def test_a_bundle_that_is_missing_or_no_bundle_is_refused_at_once(tmp_path: Path) -> None:
    empty, words, key = (tmp_path / name for name in ("empty.pem", "words.pem", "key.pem"))
    empty.write_text("")
    words.write_text("not a certificate")
    pem = self_signed(tmp_path).pem.read_text()
    key.write_text(pem[pem.index("-----BEGIN PRIVATE KEY") :])
    for path in (empty, words, key, tmp_path / "missing.pem", tmp_path):
        with pytest.raises(ConfigError, match=r"^hubs\[\]\.ca_bundle of datahub \(") as refused:
            JupyterHub(
                name="datahub",
                url="https://hub.example.org",
                api_url="https://hub.example.org/hub/api",
                token="0123456789abcdef",
                ca_bundle=str(path),
            )
        assert str(path) in str(refused.value)
        assert "PEM file" in str(refused.value)


def test_a_tls_connection_that_is_hung_up_on_is_tried_again(tmp_path: Path) -> None:
    """A load balancer without backends accepts and closes."""
    served = issued(tmp_path)
    hangs_up = lambda _asked: Answer(drop=True)  # noqa: E731
    with at(hangs_up, tls=served.context, ca_bundle=str(served.authority)) as (hub, _running):
        assert hub.health() == Health(hub=False, proxy=False)
        with pytest.raises(RetryLater, match="was lost"):
            hub.access()


def test_an_answer_that_is_not_due_yet_says_nothing() -> None:
    """The hub's page fails, and mayday's patience ends before the proxy's page could answer."""
    late = threading.Event()

    def answer(asked: Asked) -> Answer:
        if asked.path == "/_chp_healthz":
            late.wait(20)
        return INGRESS_502

    with at(answer) as (hub, _running):
        try:
            with deadline.patience(0.5), pytest.raises(RetryLater):
                hub.health()
        finally:
            late.set()
