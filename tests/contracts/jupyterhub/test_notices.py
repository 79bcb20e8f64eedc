"""Notices as a hub's users read them: both announcement services beside a real hub, and their stub."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx
import pytest

from bot.adapters.announcements import AnnouncementService, Service
from bot.errors import UserError
from bot.runbook import ShowNotice
from runbooks.notify_users import TEXTS
from tests.contracts.jupyterhub import example_notices
from tests.contracts.jupyterhub.plain import PlainHub
from tests.support.announcements import ADMIN, OTHER, SCOPED, World
from tests.support.scripted import Scripted
from tests.support.scripted import site as site_of
from tests.support.stub import stub

PACKAGE = "jupyterhub-announcement"
REAL = {Service.ANNOUNCEMENT: PACKAGE, Service.EXAMPLE: "the example's API"}
STUBS = {Service.ANNOUNCEMENT: f"stub of {PACKAGE}", Service.EXAMPLE: "stub of the example"}
NAMES = {Service.ANNOUNCEMENT: "announcement", Service.EXAMPLE: "news"}
LAUNCH = """
from functools import partialmethod
from tornado.web import Application
Application.listen = partialmethod(Application.listen, address="127.0.0.1")
from jupyterhub_announcement.announcement import main
main()
"""
"""Starts the package's service on loopback. By itself it listens on every interface."""

TYPED = (
    *(text for text in TEXTS.values() if text),
    "Servers <start> slowly & late; see https://status.example.edu/?a=1&copy=2.",
    "Phones write “this” – and that’s ½ of it… 10 ℃, ﬁne² ＡＢＣ 🚧",
    "Cafe\u0301, Hà Nội, ЙЙ, 가",
    "&lt;not markup&gt; </div> <!-- nor this -->",
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """An announcement service: its address as users reach it, and tokens by what they may do."""

    service: Service
    url: str
    admin: str
    scoped: str
    other: str

    def connect(self, token: str) -> AnnouncementService:
        """Our adapter with a token."""
        return AnnouncementService(
            hub="datahub", url=self.url, token=token, service=self.service, timeout=10.0
        )

    def shown(self) -> str:
        """What somebody reads who isn't logged in, on a page that fetches the notice as the hub's does."""
        latest = "latest" if self.service is Service.ANNOUNCEMENT else ""
        answer = httpx.get(f"{self.url}/{latest}", trust_env=False, timeout=10)
        page = Page()
        page.feed(answer.raise_for_status().json()["announcement"])
        page.close()
        assert page.tags == []
        return page.text


class Page(HTMLParser):
    """The text of HTML, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], PlainHub]]:
    """One hub with the services, started at its first use."""
    with ExitStack() as stack:
        started: list[PlainHub] = []

        def get() -> PlainHub:
            if not started:
                started.append(_hub(stack, tmp_path_factory.mktemp("hub")))
            return started[0]

        yield get


def _hub(stack: ExitStack, directory: Path) -> PlainHub:
    commands: Mapping[Service, Callable[[int], list[str]]] = {
        Service.ANNOUNCEMENT: lambda port: [
            *(sys.executable, "-c", LAUNCH, f"--AnnouncementService.port={port}")
        ],
        Service.EXAMPLE: lambda port: [sys.executable, example_notices.__file__, str(port)],
    }
    plain = PlainHub(
        directory=directory,
        users=("ana",),
        own_proxy=False,
        admins=("announcer",),
        narrow={"scoped": [_scope(service) for service in Service]},
        pages={NAMES[service]: commands[service] for service in Service if not _missing(service)},
    )
    stack.callback(plain.stop)
    plain.start()
    return plain


def _scope(service: Service) -> str:
    return f"access:services!service={NAMES[service]}"


def _missing(service: Service) -> str:
    """Why a service can't be started; empty if it can."""
    if service is Service.ANNOUNCEMENT:
        try:
            version(PACKAGE)
        except PackageNotFoundError:
            return f"{PACKAGE} is not installed: pip install {PACKAGE}"
    return ""


@pytest.fixture(params=[*STUBS.values(), *REAL.values()])
def system(
    request: pytest.FixtureRequest,
    running: Callable[[], PlainHub],
    record_property: Callable[[str, object], None],
) -> Iterator[Place]:
    for service in Service:
        if request.param == STUBS[service]:
            with stub(World(service)) as made:
                url = f"{made.url}/services/news"
                yield Place(service=service, url=url, admin=ADMIN, scoped=SCOPED, other=OTHER)
        elif request.param == REAL[service]:
            if why := _missing(service):
                pytest.skip(why)
            plain = running()
            said = f"{PACKAGE} {version(PACKAGE)}" if service is Service.ANNOUNCEMENT else "ours"
            record_property("against", f"{said}, {plain.against}")
            place = Place(
                service=service,
                url=f"{plain.origin}/services/{NAMES[service]}",
                admin=_narrow_token(plain, _scope(service)),
                scoped=plain.tokens["scoped"],
                other=plain.api_token,
            )
            place.connect(place.admin).clear()
            yield place


def _narrow_token(plain: PlainHub, scope: str) -> str:
    """A token of an admin that may do nothing but enter a service."""
    headers = {"Authorization": f"token {plain.rest.user_token('announcer')}"}
    asked = {"note": "mayday's notices", "scopes": [scope]}
    url = f"{plain.api_url}/users/announcer/tokens"
    answer = httpx.post(url, headers=headers, json=asked, trust_env=False, timeout=10)
    return str(answer.raise_for_status().json()["token"])


def contract(statement: str) -> pytest.MarkDecorator:
    """Mark a test as a contract of the announcement services."""
    return pytest.mark.contract("Notices", statement)


@contract("a notice is shown, read back by everybody word for word, and cleared")
def test_a_notice(system: Place) -> None:
    notices = system.connect(system.admin)
    assert (notices.notice(), system.shown()) == ("", "")
    for text in TYPED:
        notices.show(text)
        assert notices.notice() == text
        assert system.shown() == text
    notices.clear()
    assert (notices.notice(), system.shown()) == ("", "")


@contract("the runbook's step finds its own text, whatever white space was typed")
def test_a_step(system: Place) -> None:
    notices = system.connect(system.admin)
    site = site_of(Scripted(), notices=notices)
    step = ShowNotice(text=" One\u00a0 line,\n\x07another\tone\u2009… ")
    step.perform(site)
    assert step.already_done(site)
    assert system.shown() == "One line, another one …"
    undo = step.undo
    assert undo is not None and undo.drifted(site) == ""
    undo.perform(site)
    assert undo.already_done(site)
    assert system.shown() == ""


@contract("a token without the scope changes nothing, and the refusal names the scope")
def test_without_the_scope(system: Place) -> None:
    with pytest.raises(UserError, match="access:services!service=NAME") as refused:
        system.connect(system.other).show("Nobody may say this.")
    assert refused.value.code == "forbidden"
    with pytest.raises(UserError):
        system.connect(system.other).clear()
    assert system.shown() == ""


@contract("the scope alone is enough for the example, but jupyterhub-announcement wants an admin")
def test_with_the_scope_alone(system: Place) -> None:
    notices = system.connect(system.scoped)
    system.connect(system.admin).check()
    if system.service is Service.EXAMPLE:
        notices.show("Hello.")
        assert system.shown() == "Hello."
        notices.check()
        return
    for act in (notices.check, lambda: notices.show("Hello.")):
        with pytest.raises(UserError, match="an admin of the hub"):
            act()
    assert system.shown() == ""
