"""Requests to Slack's Web API, each with one limit, over connections that are kept.

The SDK's own client opens a connection for each call, which costs two more round trips, and limits only
each wait. Nothing is resent here: Slack has no idempotency keys, and a request on a kept connection that
fails may have taken effect.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import proxy_bypass

import urllib3
from slack_sdk import WebClient

from bot.adapters.bounded import BoundedRequest, OutOfTime, bind
from bot.adapters.slack_answers import Answer, read
from bot.adapters.slack_time import SlackTime
from bot.domain.addresses import is_below
from bot.domain.command import named
from bot.errors import RetryLater, UserError

MOST_KEPT = 32
"""The number of connections that are kept, which is also that of calls at once without new ones."""

READS = frozenset(
    {
        "auth.test",
        "bookmarks.list",
        "bots.info",
        "canvases.sections.lookup",
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "conversations.replies",
        "usergroups.list",
        "usergroups.users.list",
        "users.conversations",
        "users.info",
        "users.lookupByEmail",
    }
)
"""The methods that change nothing. Others are not sent after the deadline of their attempt."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON_BODY = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}

NO_ANSWER = "Slack did not answer {method}: check the network."
FOREIGN_UPLOAD = "Slack named an address for the upload that is not Slack's, so nothing was sent."
NOT_UPLOADED = "Slack did not take the file (HTTP {status})."
NOT_REACHED = "mayday could not reach Slack for {method}: check the network."


class SlackApi:
    """Slack's Web API with the address, token, proxy and certificates of a client of the SDK.

    ``timeout`` limits each call as a whole, in seconds. ``command`` is the name of the command in texts. Safe
    for concurrent use.
    """

    def __init__(
        self, client: WebClient, *, timeout: float, slack_time: SlackTime, command: str
    ) -> None:
        self._command = command
        self._base_url = client.base_url
        self._authorization = f"Bearer {client.token}"
        self._limit = timeout
        self._time = slack_time
        self._manager = _manager(client)

    def call(self, method: str, fields: Mapping[str, Any]) -> Answer:
        """Call a method and return its answer. Every method accepts a form with JSON values.

        Raises:
            RetryLater, UserError: there was no answer in time, or the method failed.
        """
        body = urlencode({key: _text(value) for key, value in named(fields, self._command).items()})
        url = self._base_url + method
        headers = {**FORM, "Authorization": self._authorization}
        response = self._send(method, url, body, headers, writes=method not in READS)
        got = {name.lower(): value for name, value in response.headers.items()}
        self._time.answered(got.get("date", ""))
        return read(method, response.status, got, response.data)

    def respond(self, url: str, content: Mapping[str, Any]) -> bool:
        """Send an answer to the address of a request; return whether Slack accepted it.

        The address must be Slack's (``hooks.slack.com``): it was delivered, and may not lead elsewhere.

        Raises:
            RetryLater: there was no answer in time.
        """
        if not is_below(url, base=self._base_url):
            return False
        body = json.dumps(named(content, self._command))
        return self._send("response_url", url, body, JSON_BODY, writes=True).status == 200

    def upload(self, url: str, content: bytes) -> None:
        """Send a file's content to the address that ``files.getUploadURLExternal`` gave.

        The address must be Slack's: the content is not for others.

        Raises:
            UserError, RetryLater: the address is not Slack's, or the content did not arrive.
        """
        if not is_below(url, base=self._base_url):
            raise UserError(FOREIGN_UPLOAD)
        response = self._send("the upload", url, content, BYTES, writes=True)
        if response.status != 200:
            raise RetryLater(NOT_UPLOADED.format(status=response.status))

    def _send(
        self, what: str, url: str, body: str | bytes, headers: Mapping[str, str], *, writes: bool
    ) -> urllib3.BaseHTTPResponse:
        request = BoundedRequest(self._limit, writes=writes)

        def send() -> urllib3.BaseHTTPResponse:
            return self._manager.urlopen(
                "POST",
                url,
                body=body.encode() if isinstance(body, str) else body,
                headers=headers,
                timeout=urllib3.Timeout(connect=self._limit / 2, read=self._limit),
                retries=False,
                redirect=False,
            )

        try:
            return request.run(send)
        except (OutOfTime, urllib3.exceptions.HTTPError) as error:
            text = NO_ANSWER if request.sent else NOT_REACHED
            raise RetryLater(text.format(method=what), maybe_done=request.sent) from error


def _text(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


def _manager(client: WebClient) -> urllib3.PoolManager:
    """Return the connections: direct ones, or those of the proxy that the environment names."""
    address = urlsplit(client.base_url)
    secure = address.scheme == "https"
    options: dict[str, Any] = {"maxsize": MOST_KEPT}
    if secure:
        options["ssl_context"] = client.ssl or ssl.create_default_context()
    if client.proxy and not proxy_bypass(address.hostname or ""):
        user = urllib3.util.parse_url(client.proxy).auth
        manager: urllib3.PoolManager = urllib3.ProxyManager(
            client.proxy,
            proxy_headers=urllib3.make_headers(proxy_basic_auth=user) if user else None,
            **options,
        )
    else:
        manager = urllib3.PoolManager(**options)
    bind(manager)
    return manager
