"""Kernels of users' servers, by Jupyter Server's REST API and the websocket of a kernel's channels.

Messages are those of the Jupyter messaging protocol 5.3 (jupyter-client.readthedocs.io). Both requests go
through the public address, so they test the proxy and its route, too.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import websocket

from bot import deadline
from bot.adapters.bounded_http import BoundedClient
from bot.adapters.jupyterhub_tls import trust
from bot.errors import RetryLater, UserError

NO_ANSWER = "The server of {user} does not answer at {url}."
NO_KERNEL = "The kernel in the server of {user} did not answer within {seconds:g} s."
REFUSED = (
    "The server of {user} refused the token: hubs[].canary_token needs the scope "
    "access:servers!user={user}."
)
FAILED = "The code failed in the server of {user}: {error}."
LEAST_LEFT = 0.5


class SingleUserServers:
    """The servers of a hub. ``url`` is the hub's public address; ``timeout`` in seconds limits all of
    :meth:`execute`."""

    def __init__(
        self, *, hub: str, url: str, token: str, timeout: float = 10.0, ca_bundle: str = ""
    ) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._tls = trust(hub, ca_bundle)
        self._token = token
        headers = {"Authorization": f"token {token}"}
        self._client = BoundedClient(timeout=timeout, tls=self._tls, headers=headers)

    def execute(self, user: str, code: str) -> str:
        """Return the text of the result of the code, in a kernel of the user's default server.

        Raises:
            UserError: the server refused the token, or the code failed.
            RetryLater: the server or its kernel didn't answer in time; the kernel may be starting.
        """
        until = deadline.ends_at(self._timeout, writes=True)
        base = f"{self._url}/user/{quote(user, safe='')}/api/kernels"
        # A kernel of an earlier try may have started meanwhile.
        found = self._json(user, "GET", base)
        kernel = found[0] if isinstance(found, list) and found else self._json(user, "POST", base)
        try:
            name = str(kernel["id"])
        except (LookupError, TypeError) as error:
            raise self._silent(user) from error
        try:
            return self._ask(user, f"{base}/{quote(name, safe='')}/channels", code, until)
        except websocket.WebSocketBadStatusException as error:
            if error.status_code in (401, 403):
                raise UserError(REFUSED.format(user=user), code="forbidden") from error
            raise self._silent(user) from error
        except (websocket.WebSocketException, OSError, ValueError, LookupError) as error:
            text = NO_KERNEL.format(user=user, seconds=self._timeout)
            raise RetryLater(text, after=2.0) from error

    def _json(self, user: str, method: str, url: str) -> Any:
        try:
            answer = self._client.request(method, url)
        except httpx.HTTPError as error:
            raise self._silent(user) from error
        if answer.status_code in (401, 403):
            raise UserError(REFUSED.format(user=user), code="forbidden")
        try:
            return answer.raise_for_status().json()
        except (httpx.HTTPStatusError, ValueError) as error:
            raise self._silent(user) from error

    def _ask(self, user: str, url: str, code: str, until: float) -> str:
        asked = uuid.uuid4().hex
        channel = websocket.create_connection(
            "ws" + url.removeprefix("http"),
            header=[f"Authorization: token {self._token}"],
            timeout=max(until - time.monotonic(), LEAST_LEFT),
            sslopt={"context": self._tls},
            suppress_origin=True,
        )
        try:
            channel.send(json.dumps(_request(asked, code)))
            while (left := until - time.monotonic()) > 0:
                channel.settimeout(max(left, LEAST_LEFT))
                said = json.loads(channel.recv())
                if said["parent_header"].get("msg_id") != asked:
                    continue
                content = said["content"]
                if said["header"]["msg_type"] == "execute_result":
                    return str(content["data"]["text/plain"])
                if content.get("status") == "error":
                    error = str(content.get("ename") or "error")
                    raise UserError(FAILED.format(user=user, error=error), code="code_failed")
        finally:
            channel.close(timeout=1)
        raise TimeoutError

    def _silent(self, user: str) -> RetryLater:
        return RetryLater(NO_ANSWER.format(user=user, url=self._url), after=5.0)


def _request(asked: str, code: str) -> dict[str, Any]:
    header = {
        "msg_id": asked,
        "session": asked,
        "username": "mayday",
        "date": datetime.now(UTC).isoformat(),
        "msg_type": "execute_request",
        "version": "5.3",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    return {
        "channel": "shell",
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }
