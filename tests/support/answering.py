"""A stand-in for GitHub. The test sets the answer to every POST."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


class Answering:
    """Reads work; a POST gets the answer set by the test."""

    def __init__(self) -> None:
        self._status = 500
        self._headers: dict[str, str] = {}
        self._message = ""
        handler = type("Handler", (_Handler,), {"answering": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def with_(self, status: int, headers: dict[str, str], message: str) -> None:
        """Set the answer to each later POST."""
        self._status, self._headers, self._message = status, headers, message

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body for a request."""
        if method == "POST":
            return self._status, self._headers, {"message": self._message}
        url = f"{self.url}{path}"
        return 200, {}, {"url": url, "full_name": "practice/incidents", "name": "x", "id": 1}

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    answering: ClassVar[Answering]

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        status, headers, body = self.answering.answer(self.command, self.path)
        content = json.dumps(body).encode()
        self.send_response_only(status)
        for key, value in {**headers, "Content-Type": "application/json"}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""
