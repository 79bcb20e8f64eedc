"""Asks web servers whether pages exist, for the lint of reports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.errors import RetryLater

AT_ONCE = 8
REDIRECTS = 5
_GONE = frozenset({404, 410})
_NOT_HEAD = frozenset({405, 501})


class Page(Enum):
    """What is known of a page."""

    THERE = auto()
    MISSING = auto()
    UNKNOWN = auto()


class WebLinks:
    """Follows links; ``timeout`` is in seconds, for each request."""

    def __init__(self, *, timeout: float = 10.0) -> None:
        self._client = BoundedClient(timeout=timeout, tls=httpx.create_ssl_context())

    def pages(self, urls: tuple[str, ...]) -> dict[str, Page]:
        """Return what is known of each page. Only 404 and 410 say that it doesn't exist."""
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return dict(zip(urls, pool.map(self._page, urls), strict=True))

    def _page(self, url: str) -> Page:
        try:
            return self._follow(httpx.URL(url))
        except (httpx.HTTPError, httpx.InvalidURL, RetryLater, UnicodeError):
            return Page.UNKNOWN

    def _follow(self, url: httpx.URL) -> Page:
        for _ in range(REDIRECTS):
            answer = self._client.request("HEAD", url)
            if answer.status_code in _NOT_HEAD:
                answer = self._client.request("GET", url)
            if answer.has_redirect_location:
                url = url.join(answer.headers["location"])
                continue
            if answer.status_code in _GONE:
                return Page.MISSING
            return Page.THERE if answer.is_success else Page.UNKNOWN
        return Page.UNKNOWN
