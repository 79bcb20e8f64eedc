"""A minimal user's server; its work is kept in memory only.

It replaces the notebook server: it serves its base address, admits only its owner (asking the
hub once per token), counts the owner's work and reports activity. It uses only the standard
library and runs as a script, so that a dozen start within a second or two.
"""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

_PREFIX = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/").rstrip("/") + "/"
_OWNER = os.environ.get("JUPYTERHUB_USER", "")
_SERVER = os.environ.get("JUPYTERHUB_SERVER_NAME", "")
_API = os.environ.get("JUPYTERHUB_API_URL", "")
_TOKEN = os.environ.get("JUPYTERHUB_API_TOKEN", "")
_VERSION = os.environ.get("JUPYTERHUB_VERSION", "")


def _hub(path: str, token: str, body: Any = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the hub's own address
        f"{_API}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return json.loads(response.read() or b"null")


class _Work:
    """The owner's work; lost when the process ends."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._owners: dict[str, bool] = {}
        self.cells = 0

    def run_cell(self) -> int:
        with self._guard:
            self.cells += 1
            return self.cells

    def is_owner(self, token: str) -> bool:
        """Whether the hub accepts the token as the owner's; caches the answer."""
        if token not in self._owners:
            try:
                self._owners[token] = _hub("user", token)["name"] == _OWNER
            except urllib.error.HTTPError:
                self._owners[token] = False
        return self._owners[token]


_WORK = _Work()


def _report_activity() -> None:
    """Report the owner's activity to the hub; ignore an unreachable hub."""
    now = datetime.now(UTC).isoformat()
    body = {"servers": {_SERVER: {"last_activity": now}}, "last_activity": now}
    with contextlib.suppress(OSError):
        _hub(f"users/{_OWNER}/activity", _TOKEN, body)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not path.startswith(_PREFIX):
            self._answer(404, "This server is somewhere else.")
            return
        token = (self.headers.get("Authorization") or "").partition(" ")[2]
        try:
            allowed = bool(token) and _WORK.is_owner(token)
        except OSError:
            self._answer(503, "The hub does not answer, so no one can log in here.")
            return
        if not allowed:
            self._answer(403, "Only the owner of this server may use it.")
        elif path == f"{_PREFIX}api/kernels":
            self._answer(200, json.dumps([{"id": "only"}]))
        elif path == f"{_PREFIX}api/kernels/only/channels":
            self._serve_kernel()
        elif path == f"{_PREFIX}work":
            self._answer(200, str(_WORK.cells))
        else:
            cells = _WORK.run_cell()
            threading.Thread(target=_report_activity, daemon=True).start()
            self._answer(200, f"{_OWNER} has run {cells} cells.")

    def _serve_kernel(self) -> None:
        """A kernel that can add one and one: it answers one message on its websocket (RFC 6455)."""
        key = (self.headers.get("Sec-WebSocket-Key") or "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.protocol_version = "HTTP/1.1"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        proof = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest())
        self.send_header("Sec-WebSocket-Accept", proof.decode())
        self.end_headers()
        self.close_connection = True
        size = self.rfile.read(2)[1] & 127
        if size == 126:
            size = int.from_bytes(self.rfile.read(2))
        mask = self.rfile.read(4)
        masked = self.rfile.read(size)
        asked = json.loads(bytes(byte ^ mask[n % 4] for n, byte in enumerate(masked)))
        right = asked["content"]["code"] == "1+1"
        kind = "execute_result" if right else "error"
        said = json.dumps(
            {
                "header": {"msg_type": kind},
                "parent_header": asked["header"],
                "content": {"data": {"text/plain": "2"}} if right else {"status": "error"},
            }
        ).encode()
        self.wfile.write(bytes([129, 126]) + len(said).to_bytes(2) + said)

    def _answer(self, code: int, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-JupyterHub-Version", _VERSION)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = (os.environ.get("POD_IP", "127.0.0.1"), int(os.environ["PORT"]))
    http.server.ThreadingHTTPServer(address, _Handler).serve_forever()
