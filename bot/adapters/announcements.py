"""The notice on a hub's page: the services ``jupyterhub-announcement`` and JupyterHub's example.

``jupyterhub-announcement`` (github.com/rcthomas) has ``latest``, which everybody may read, and ``update``, a
form for the hub's admins. The example (``examples/service-announcement``) has one address for GET, POST and
DELETE. Both put the text into the page as HTML, so it is escaped here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from html import escape, unescape
from http.cookies import CookieError, SimpleCookie
from typing import Any

import httpx

from bot.adapters.bounded_http import BoundedClient
from bot.adapters.jupyterhub_tls import tls_failure, trust
from bot.domain.retry_after import retry_after_seconds
from bot.errors import RetryLater, UserError

NO_ANSWER = "The announcement service of hub {hub} does not answer at {url}."
SERVER_ERROR = "The announcement service of hub {hub} failed with {status}."
BUSY = "The announcement service of hub {hub} asks mayday to wait."
NOT_ALLOWED = (
    "The announcement service of hub {hub} refused the token: give hubs[].notices.token the scope "
    "access:services!service=NAME, with the announcement service's name."
)
ADMINS_ONLY = (
    " jupyterhub-announcement also requires that the token is that of an admin of the hub."
)
NOT_ONE = (
    "{url} is not the announcement service of hub {hub}: check hubs[].notices.url and "
    "hubs[].notices.service."
)
KEY = "hubs[].notices.url"


def _form_cookie(page: httpx.Response) -> str:
    """Return the cookie of a page that its form must repeat; empty if it sets none."""
    for line in page.headers.get_list("Set-Cookie"):
        try:
            found = SimpleCookie(line).get("_xsrf")
        except CookieError:
            continue
        if found is not None:
            return str(found.coded_value)
    return ""


class Service(StrEnum):
    """Which service it is."""

    ANNOUNCEMENT = "jupyterhub-announcement"
    EXAMPLE = "example"


class AnnouncementService:
    """One service. ``url`` is the address of the service as mayday reaches it; ``timeout`` is in seconds.

    Raises:
        ConfigError: ``ca_bundle`` has no certificates.
    """

    def __init__(
        self,
        *,
        hub: str,
        url: str,
        token: str,
        service: Service,
        timeout: float = 10.0,
        ca_bundle: str = "",
    ) -> None:
        self._hub = hub
        self._url = url.rstrip("/") + "/"
        self._service = service
        self._ca_bundle = ca_bundle
        tls = trust(hub, ca_bundle)
        self._anyone = BoundedClient(timeout=timeout, tls=tls)
        headers = {"Authorization": f"token {token}"}
        self._writer = BoundedClient(timeout=timeout, tls=tls, headers=headers)

    def notice(self) -> str:
        """Return the text that is shown now; empty if there is none.

        Raises:
            UserError: the address is not that of the service.
            RetryLater: it does not answer.
        """
        latest = "latest" if self._service is Service.ANNOUNCEMENT else ""
        answer = self._send(self._anyone, "GET", latest)
        try:
            return unescape(str(answer.json()["announcement"]))
        except (ValueError, LookupError, TypeError) as error:
            raise self._wrong() from error

    def show(self, text: str) -> None:
        """Show this text instead of the present one."""
        # jupyterhub-announcement replaces characters such as … by compatible ones, but not their references.
        safe = escape(text, quote=False).encode("ascii", "xmlcharrefreplace").decode()
        if self._service is Service.EXAMPLE:
            self._send(self._writer, "POST", "", json={"announcement": safe})
        else:
            self._update(safe)

    def clear(self) -> None:
        """Show no notice."""
        if self._service is Service.EXAMPLE:
            self._send(self._writer, "DELETE", "")
        else:
            self._update("")

    def check(self) -> None:
        """Return if the notice can be read, and mayday's token is shown the form.

        The example service has no form: whether it accepts the token shows at the first notice only.
        """
        self.notice()
        if self._service is Service.ANNOUNCEMENT and not self._proof():
            raise self._refused()

    def _proof(self) -> str:
        return _form_cookie(self._send(self._writer, "GET", ""))

    def _update(self, text: str) -> None:
        # The check against forged requests comes before the token's: only the page with the form gives
        # a cookie that passes it.
        proof = self._proof()
        form = {"announcement": text, "_xsrf": proof}
        self._send(self._writer, "POST", "update", data=form, headers={"Cookie": f"_xsrf={proof}"})

    def _send(
        self, client: BoundedClient, method: str, path: str, **content: Any
    ) -> httpx.Response:
        writes = method != "GET"
        try:
            answer = client.request(method, self._url + path, **content)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise self._wrong() from error
        except httpx.HTTPError as error:
            failure = tls_failure(
                error, hub=self._hub, url=self._url, key=KEY, ca_bundle=self._ca_bundle
            )
            if failure is not None:
                raise failure from error
            text = NO_ANSWER.format(hub=self._hub, url=self._url)
            sent = writes and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise RetryLater(text, after=10.0, maybe_done=sent) from error
        if answer.status_code >= 500:
            text = SERVER_ERROR.format(hub=self._hub, status=answer.status_code)
            raise RetryLater(text, after=10.0, maybe_done=writes)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            wait = answer.headers.get("Retry-After")
            after = retry_after_seconds(wait, datetime.now(UTC), default=10.0)
            raise RetryLater(BUSY.format(hub=self._hub), after=after, maybe_done=False)
        # Whoever is not let in is sent to the hub to log in; after an update the service leads to its page.
        away = answer.is_redirect and "/oauth2/" in answer.headers.get("Location", "")
        if away or answer.status_code in (401, 403):
            raise self._refused()
        if not (answer.is_success or (answer.is_redirect and path == "update")):
            raise self._wrong()
        return answer

    def _refused(self) -> UserError:
        admins = ADMINS_ONLY if self._service is Service.ANNOUNCEMENT else ""
        return UserError(NOT_ALLOWED.format(hub=self._hub) + admins, code="forbidden")

    def _wrong(self) -> UserError:
        return UserError(NOT_ONE.format(url=self._url, hub=self._hub), code="not_announcements")
