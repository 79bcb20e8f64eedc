"""HTTP requests by httpx with one limit for the whole request, and the classification of TLS errors."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import httpx

from bot.adapters.bounded import MOST_BYTES, BoundedRequest, OutOfTime

_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")
_SECURED = ("connection.start_tls.complete", "proxy.start_tls.complete")
_SENDING = ("http11.send_request_headers.started", "http11.send_request_body.started")
_OF_TRANSPORT = ("content-encoding", "content-length", "transfer-encoding")


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
        self,
        method: str,
        url: httpx.URL | str,
        params: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Send a request and return the complete response. ``content`` is httpx's ``json``, ``data``, ….

        Raises:
            httpx.HTTPError: there was no response, or not in time (``httpx.TimeoutException``).
            httpx.InvalidURL: the URL is invalid.
            RetryLater: the deadline was over before a request other than GET was sent.
        """
        return self._send(method, url, params, **content)

    def peer_certificate(self, url: httpx.URL | str) -> bytes:
        """Return the certificate of the server, in DER. No request is sent to it.

        Raises:
            httpx.HTTPError, httpx.InvalidURL: as :meth:`request`.
        """

        def seen(stream: Any) -> None:
            found = stream.get_extra_info("ssl_object").getpeercert(True)
            stream.close()
            raise _Presented(found)

        try:
            self._send("GET", url, None, seen)
        except _Presented as shown:
            return shown.certificate
        raise httpx.UnsupportedProtocol("The server presents no certificate.")

    def _send(
        self,
        method: str,
        url: httpx.URL | str,
        params: Mapping[str, str] | None,
        seen: Callable[[Any], None] | None = None,
        **content: Any,
    ) -> httpx.Response:
        party = str(httpx.URL(url).netloc, "ascii")
        bounded = BoundedRequest(self._timeout, writes=method != "GET", party=party)

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in _CONNECTED:
                bounded.uses(info["return_value"].get_extra_info("socket"))
            if seen is not None and event in _SECURED:
                seen(info["return_value"])
            elif event in _SENDING:
                bounded.sending()

        def send() -> httpx.Response:
            with (
                httpx.Client(
                    headers=self._headers, verify=self._tls, timeout=self._waits
                ) as client,
                client.stream(
                    method, url, params=params, extensions={"trace": trace}, **content
                ) as answer,
            ):
                return _whole(answer)

        try:
            return bounded.run(send)
        except OutOfTime as error:
            if error.sent:
                raise httpx.ReadTimeout(f"No answer within {self._timeout:g} s.") from error
            raise httpx.ConnectTimeout(f"Not sent within {self._timeout:g} s.") from error


def _whole(answer: httpx.Response) -> httpx.Response:
    """Return a response with its content.

    Raises:
        httpx.DecodingError: it is larger than any answer that mayday asks for.
    """
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise httpx.DecodingError("The answer is too large.", request=answer.request)
    headers = [
        each for each in answer.headers.multi_items() if each[0].lower() not in _OF_TRANSPORT
    ]
    return httpx.Response(
        answer.status_code, headers=headers, content=bytes(body), request=answer.request
    )


class _Presented(Exception):
    """The server presented its certificate, which is all that was wanted."""

    def __init__(self, certificate: bytes) -> None:
        super().__init__("The server presented its certificate.")
        self.certificate = certificate


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
