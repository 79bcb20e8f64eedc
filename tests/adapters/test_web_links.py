"""Only a server that says so makes a page missing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.adapters.web_links import Page, WebLinks


class Pages(BaseHTTPRequestHandler):
    """Answers with the status that the path names; some pages know no HEAD, some lead elsewhere."""

    def do_HEAD(self) -> None:
        self.answer(405 if self.path == "/get" else 0)

    def do_GET(self) -> None:
        self.answer(200)

    def answer(self, status: int) -> None:
        moved = {"/moved": "/200", "/lost": "/404", "/round": "/round"}.get(self.path)
        self.send_response(302 if moved else status or int(self.path[1:]))
        if moved:
            self.send_header("Location", moved)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Keep the output of the tests quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_known_of_pages(address: str) -> None:
    expected = {
        "/200": Page.THERE,
        "/404": Page.MISSING,
        "/410": Page.MISSING,
        "/403": Page.UNKNOWN,
        "/503": Page.UNKNOWN,
        "/get": Page.THERE,
        "/moved": Page.THERE,
        "/lost": Page.MISSING,
        "/round": Page.UNKNOWN,
    }
    urls = tuple(f"{address}{path}" for path in expected)
    assert WebLinks(timeout=5).pages(urls) == dict(zip(urls, expected.values(), strict=True))


def test_no_answer_says_nothing() -> None:
    urls = ("http://127.0.0.1:9/a", "https://", "http://[", "http://a b/")
    assert set(WebLinks(timeout=2).pages(urls).values()) == {Page.UNKNOWN}
