"""HTTP mode: sends deliveries as signed requests to the app's request URL."""

import asyncio
import json
import time
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier

from sandbox.slack.deliveries import Delivery, DeliveryKind, Receipt
from sandbox.slack.values import Json

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


class HttpMode:
    """Sends to one request URL, on loopback."""

    def __init__(self, url: str, signing_secret: str) -> None:
        self._url = url
        self._signer = SignatureVerifier(signing_secret)

    @property
    def available(self) -> bool:
        return True

    async def send(self, delivery: Delivery, ack_seconds: float) -> Receipt:
        """POST it. A 2xx within `ack_seconds` acknowledges it; the body is the response."""
        return await asyncio.to_thread(self._post, delivery, ack_seconds)

    def _post(self, delivery: Delivery, ack_seconds: float) -> Receipt:
        content_type, body = _encode(delivery)
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": str(
                self._signer.generate_signature(timestamp=timestamp, body=body)
            ),
        }
        if delivery.attempt:
            headers["X-Slack-Retry-Num"] = str(delivery.attempt)
            headers["X-Slack-Retry-Reason"] = delivery.reason
        try:
            answer = httpx.post(self._url, content=body, headers=headers, timeout=ack_seconds)
        except httpx.TimeoutException:
            return Receipt(reached=True, acked=False, reason="http_timeout")
        except httpx.TransportError:
            return Receipt(reached=True, acked=False, reason="connection_failed")
        if not answer.is_success:
            return Receipt(reached=True, acked=False, reason="http_error")
        return Receipt(reached=True, acked=True, response=_response(answer))


def _encode(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind is DeliveryKind.EVENT:
        return _JSON, json.dumps(delivery.payload)
    if delivery.kind is DeliveryKind.COMMAND:
        return _FORM, urlencode(delivery.payload)
    return _FORM, urlencode({"payload": json.dumps(delivery.payload)})


def _response(answer: httpx.Response) -> Json | None:
    if not answer.headers.get("Content-Type", "").startswith(_JSON):
        return {"text": answer.text} if answer.text else None
    try:
        value = answer.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
