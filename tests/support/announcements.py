"""A stub of both announcement services, held to the same contracts as the real ones."""

from __future__ import annotations

import re
import unicodedata
from html import escape, unescape

from bot.adapters.announcements import Service
from tests.support.stub import Answer, Asked

ADMIN, SCOPED, OTHER = "s3cret", "scoped", "wrong"
"""Tokens with the scope, of an admin and of somebody else, and one without the scope."""


PROOF = "MnwxOjB8MTA6MTc"
"""What the page with the form gives, and the form must repeat."""


class World:
    """A service that keeps its text, as the real ones do. ``text`` is HTML."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.text = ""
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        token = asked.headers.get("authorization", "")[6:]
        if token == OTHER or not (token or asked.method == "GET"):
            return Answer(status=403, body="<html>403: Forbidden</html>")
        if self.service is Service.EXAMPLE:
            return self._example(asked)
        if asked.method == "GET" and asked.path == "/services/news/latest":
            return Answer(body={"announcement": self.text, "user": "mayday"})
        if asked.method == "GET" and asked.path == "/services/news/":
            cookie = f"_xsrf={PROOF}; expires=Mon, 28 Dec 2026 12:00:00 GMT; Path=/"
            return Answer(body="<html>", headers={"Set-Cookie": cookie} if token == ADMIN else {})
        form = asked.body
        if asked.method == "POST" and asked.path == "/services/news/update":
            if (asked.headers["cookie"], form.get("_xsrf")) != (f"_xsrf={PROOF}", PROOF):
                return Answer(status=403, body="<html>403: XSRF cookie does not match</html>")
            self.text = _sanitized(form.get("announcement", ""))
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


def _sanitized(html: str) -> str:
    """Return what html-sanitizer makes of HTML without tags."""
    text = unescape(unicodedata.normalize("NFKC", html).strip())
    return escape(re.sub(r"\s+", " ", text), quote=False)
