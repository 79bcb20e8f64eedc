"""Each system's wording of a refusal, for a fault with only an HTTP status."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Any

_SLACK = {
    401: "invalid_auth",
    403: "access_denied",
    429: "ratelimited",
    503: "service_unavailable",
}
_KUBERNETES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class System(StrEnum):
    """The systems of the sandbox."""

    SLACK = "slack"
    GITHUB = "github"
    HUB = "hub"
    PROXY = "proxy"
    CLUSTER = "cluster"


def own_words(system: System, status: int) -> dict[str, Any]:
    """The JSON of a system for this status."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = f"status {status}"
    match system:
        case System.SLACK:
            usual = "internal_error" if status >= 500 else "fatal_error"
            return {"ok": False, "error": _SLACK.get(status, usual)}
        case System.GITHUB:
            return {"message": phrase, "documentation_url": "https://docs.github.com/rest"}
        case System.HUB | System.PROXY:
            return {"status": status, "message": phrase}
        case System.CLUSTER:
            return {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Failure",
                "message": phrase,
                "reason": _KUBERNETES.get(status, "Unknown"),
                "code": status,
            }
