"""Both announcement services: what is sent, what is read, and how failures are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bot.adapters.announcements import AnnouncementService, Service
from bot.errors import RetryLater, UserError
from tests.support.stub import Answer, Asked, stub

TEXT = "Servers <start> slowly & late."
ESCAPED = "Servers &lt;start&gt; slowly &amp; late."


class World:
    """A service that keeps its text, as the real ones do."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.text = ""
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.method != "GET" and asked.headers.get("authorization") != "token s3cret":
            return Answer(status=302, headers={"Location": "/hub/api/oauth2/authorize?x=1"})
        if self.service is Service.EXAMPLE:
            return self._example(asked)
        if asked.method == "GET" and asked.path == "/services/news/latest":
            return Answer(body={"announcement": self.text, "user": "mayday"})
        form = asked.body
        if asked.method == "POST" and asked.path == "/services/news/update":
            assert asked.headers["cookie"] == f"_xsrf={form['_xsrf']}"
            self.text = form.get("announcement", "")
            return Answer(status=302, headers={"Location": "/services/news/"})
        return Answer(status=404, body="no")

    def _example(self, asked: Asked) -> Answer:
        if asked.path != "/services/news/":
            return Answer(status=404, body="no")
        if asked.method == "POST":
            self.text = asked.body["announcement"]
        if asked.method == "DELETE":
            self.text = ""
        return Answer(body={"announcement": self.text})


@contextmanager
def serving(
    answer: Callable[[Asked], Answer], service: Service, token: str = "s3cret"
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
    assert not any("authorization" in each.headers for each in world.asked if each.method == "GET")


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
