"""HTTP requests that end in time, whatever the other side does, and what is wrong with its TLS.

httpx limits each single wait of a request. A server that sends a byte every few seconds, a name with
many addresses and a slow resolver make no single wait long, so the whole is limited here.
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
    """A client whose requests take ``timeout`` seconds at most and never follow a redirect.

    It keeps no connection and no cookie, so that a stale connection cannot fail a request that must
    not be sent twice.
    """

    def __init__(
        self, *, timeout: float, tls: ssl.SSLContext, headers: Mapping[str, str] | None = None
    ) -> None:
        self._timeout = timeout
        # Connecting gets less time, so that a dead host differs from an answer that does not come.
        self._waits = httpx.Timeout(timeout, connect=timeout / 2)
        self._tls = tls
        self._headers = dict(headers or {})

    def request(
        self, method: str, url: httpx.URL | str, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The answer, read to its end.

        Raises:
            httpx.HTTPError: nobody answered, or not in time (``httpx.TimeoutException``).
            httpx.InvalidURL: the address is none.
        """
        line = _Line()
        answer: Future[httpx.Response] = Future()

        def send() -> None:
            try:
                with httpx.Client(
                    headers=self._headers, verify=self._tls, timeout=self._waits
                ) as client:
                    answer.set_result(
                        client.request(method, url, params=params, extensions={"trace": line.trace})
                    )
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                answer.set_exception(error)

        threading.Thread(target=send, daemon=True).start()
        try:
            return answer.result(self._timeout)
        except TimeoutError as error:
            line.cut()
            raise httpx.ReadTimeout(f"No answer within {self._timeout:g} s.") from error


class _Line:
    """The connection of one request, which another thread may cut."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._is_cut = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note the socket when httpx tells that it connected."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._is_cut:
                self.cut()

    def cut(self) -> None:
        """End the request: what still reads from the connection gets an error."""
        self._is_cut = True
        if self._socket is not None:
            # An SSLSocket's own shutdown takes its TLS state away under the thread that reads.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class TLSFault(StrEnum):
    """Why no TLS connection could be made."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SELF_SIGNED = "self_signed"
    UNKNOWN_ISSUER = "unknown_issuer"
    WRONG_HOST = "wrong_host"
    CERTIFICATE = "certificate"  # refused for another reason
    PROTOCOL = "protocol"  # the other side speaks no TLS, or none that is spoken here
    BROKEN = "broken"  # the other side hung up


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
    """What was wrong with TLS and OpenSSL's words for it; None when the error is not about TLS."""
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
