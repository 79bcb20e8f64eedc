"""HTTP requests with an overall time limit, and the classification of TLS errors.

httpx limits each wait of a request separately. A server that sends a byte every few seconds, a name with
many addresses or a slow resolver never exceeds such a limit, so the whole request is limited here.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from enum import StrEnum
from typing import Any

import httpx


class BoundedClient:
    """An HTTP client whose requests take at most ``timeout`` seconds and follow no redirects.

    It keeps no connections and no cookies: a stale connection must not fail a request that can't be resent.
    """

    def __init__(
        self, *, timeout: float, tls: ssl.SSLContext, headers: Mapping[str, str] | None = None
    ) -> None:
        self._timeout = timeout
        # The connect timeout is shorter, which tells an unreachable host from a missing response.
        self._waits = httpx.Timeout(timeout, connect=timeout / 2)
        self._tls = tls
        self._headers = dict(headers or {})

    def request(
        self, method: str, url: httpx.URL | str, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request and return the complete response.

        Raises:
            httpx.HTTPError: there was no response, or not in time (``httpx.TimeoutException``).
            httpx.InvalidURL: the URL is invalid.
        """
        connection = _Connection()
        answer: Future[httpx.Response] = Future()

        def send() -> None:
            try:
                with httpx.Client(
                    headers=self._headers, verify=self._tls, timeout=self._waits
                ) as client:
                    answer.set_result(
                        client.request(
                            method, url, params=params, extensions={"trace": connection.trace}
                        )
                    )
            except BaseException as error:  # noqa: BLE001 - raised by result() below
                answer.set_exception(error)

        threading.Thread(target=send, daemon=True).start()
        try:
            return answer.result(self._timeout)
        except TimeoutError as error:
            connection.abort()
            raise httpx.ReadTimeout(f"No answer within {self._timeout:g} s.") from error


class _Connection:
    """The connection of one request, which another thread may abort."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._is_aborted = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Store the socket when httpx reports a connection."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._is_aborted:
                self.abort()

    def abort(self) -> None:
        """Shut the connection down, so that the reading thread gets an error."""
        self._is_aborted = True
        if self._socket is not None:
            # SSLSocket.shutdown removes the TLS state that the reading thread still uses.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class TLSFault(StrEnum):
    """Why a TLS connection failed."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SELF_SIGNED = "self_signed"
    UNKNOWN_ISSUER = "unknown_issuer"
    WRONG_HOST = "wrong_host"
    CERTIFICATE = "certificate"  # refused for another reason
    PROTOCOL = "protocol"  # the server speaks no TLS, or no common version
    BROKEN = "broken"  # the server closed the connection


_BY_VERIFY_CODE = {  # X509_V_ERR_* of OpenSSL
    9: TLSFault.NOT_YET_VALID,
    10: TLSFault.EXPIRED,
    18: TLSFault.SELF_SIGNED,
    19: TLSFault.UNKNOWN_ISSUER,
    20: TLSFault.UNKNOWN_ISSUER,
    21: TLSFault.UNKNOWN_ISSUER,
    62: TLSFault.WRONG_HOST,
    64: TLSFault.WRONG_HOST,
}


def tls_fault(error: BaseException) -> tuple[TLSFault, str] | None:
    """Return the kind of a TLS error and OpenSSL's message, or None if it is not a TLS error."""
    found = _tls_error(error)
    if found is None:
        return None
    if isinstance(found, ssl.SSLCertVerificationError):
        fault = _BY_VERIFY_CODE.get(found.verify_code, TLSFault.CERTIFICATE)
        return fault, str(found.verify_message)
    hung_up = isinstance(found, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    words = str(found.reason or "").replace("_", " ").lower()
    return (TLSFault.BROKEN if hung_up else TLSFault.PROTOCOL), words


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None
