"""Both announcement services: what is sent, what is read, and how failures are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bot.adapters.announcements import AnnouncementService, Service
from bot.errors import RetryLater, UserError
from tests.support.announcements import ADMIN, World
from tests.support.stub import Answer, Asked, stub

TEXT = "Servers <start> slowly & late."
ESCAPED = "Servers &lt;start&gt; slowly &amp; late."


@contextmanager
def serving(
    answer: Callable[[Asked], Answer], service: Service, token: str = ADMIN
) -> Iterator[AnnouncementService]:
    with stub(answer) as running:
        yield AnnouncementService(
            hub="datahub",
            url=f"{running.url}/services/news",
            token=token,
            service=service,
            timeout=2.0,
        )


@pytest.mark.parametrize("service", Service)
def test_a_notice_is_shown_read_and_cleared(service: Service) -> None:
    world = World(service)
    with serving(world, service) as notices:
        assert notices.notice() == ""
        notices.show(TEXT)
        assert world.text == ESCAPED
        assert notices.notice() == TEXT
        notices.clear()
        assert (world.text, notices.notice()) == ("", "")
    reads = [each for each in world.asked if each.method == "GET" and "cookie" not in each.headers]
    sent = {each.path for each in reads if "authorization" in each.headers}
    assert sent <= {"/services/news/"}, "the form, but never what everybody may read"


@pytest.mark.parametrize("service", Service)
def test_a_token_that_is_not_let_in_is_told(service: Service) -> None:
    refused = pytest.raises(UserError, match="access:services!service=NAME")
    with serving(World(service), service, token="wrong") as notices, refused:
        notices.show(TEXT)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (Answer(status=503), RetryLater, "failed with 503"),
        (Answer(status=429), RetryLater, "asks mayday to wait"),
        (Answer(drop=True), RetryLater, "does not answer"),
        (Answer(status=403), UserError, "refused the token"),
        (Answer(status=404, body="<html>"), UserError, "check hubs[].notices.url"),
        (Answer(body="<html>"), UserError, "check hubs[].notices.url"),
        (Answer(body=[1]), UserError, "check hubs[].notices.url"),
    ],
    ids=["503", "429", "dropped", "403", "404", "html", "list"],
)
def test_failures(answer: Answer, error: type[Exception], says: str) -> None:
    with serving(lambda _asked: answer, Service.EXAMPLE) as notices, pytest.raises(error) as told:
        notices.notice()
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("path", "maybe_done"), [("/services/news/", False), ("/services/news/update", True)]
)
def test_a_form_that_fails_has_changed_nothing(path: str, maybe_done: bool) -> None:
    world = World(Service.ANNOUNCEMENT)

    def answer(asked: Asked) -> Answer:
        return Answer(status=500) if asked.path == path else world(asked)

    failed = pytest.raises(RetryLater)
    with serving(answer, Service.ANNOUNCEMENT) as notices, failed as told:
        notices.show(TEXT)
    assert told.value.maybe_done is maybe_done


@pytest.mark.parametrize("cookie", ["", "other=1; Path=/", "_xsrf", "[]=x"])
def test_a_page_without_the_forms_cookie_is_a_refused_token(cookie: str) -> None:
    world = World(Service.ANNOUNCEMENT)

    def answer(asked: Asked) -> Answer:
        page = asked.path == "/services/news/"
        return Answer(body="<html>", headers={"Set-Cookie": cookie}) if page else world(asked)

    refused = pytest.raises(UserError, match="an admin of the hub")
    with serving(answer, Service.ANNOUNCEMENT) as notices, refused:
        notices.show(TEXT)
    assert world.text == ""
