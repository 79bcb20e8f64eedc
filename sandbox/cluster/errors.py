"""The Status objects with which a Kubernetes API server refuses a request."""

from __future__ import annotations

from typing import Any


class StatusError(Exception):
    """A refusal that the HTTP layer turns into a `Status` object of the same code."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def body(self) -> dict[str, Any]:
        """The `Status` object as it goes over the wire."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details is not None:
            status["details"] = self.details
        return status


def not_found(group: str, plural: str, name: str) -> StatusError:
    """404: no object of this name."""
    kind = f"{plural}.{group}" if group else plural
    details = {"name": name, "kind": plural} | ({"group": group} if group else {})
    return StatusError(404, "NotFound", f'{kind} "{name}" not found', details)


def already_exists(group: str, plural: str, name: str) -> StatusError:
    """409: an object of this name is there already."""
    kind = f"{plural}.{group}" if group else plural
    details = {"name": name, "kind": plural} | ({"group": group} if group else {})
    return StatusError(409, "AlreadyExists", f'{kind} "{name}" already exists', details)


def conflict(group: str, plural: str, name: str, why: str) -> StatusError:
    """409: the object is not the one, or not the version, that the caller means."""
    kind = f"{plural}.{group}" if group else plural
    details = {"name": name, "kind": plural} | ({"group": group} if group else {})
    message = f'Operation cannot be fulfilled on {kind} "{name}": {why}'
    return StatusError(409, "Conflict", message, details)


def invalid(group: str, kind: str, name: str, field: str, why: str) -> StatusError:
    """422: the object is well formed and still not allowed."""
    details = {"name": name, "kind": kind} | ({"group": group} if group else {})
    causes = [{"reason": "FieldValueInvalid", "message": why, "field": field}]
    full = f"{kind}.{group}" if group else kind
    message = f'{full} "{name}" is invalid: {field}: {why}'
    return StatusError(422, "Invalid", message, {**details, "causes": causes})


def bad_request(message: str) -> StatusError:
    """400: the request makes no sense as it stands."""
    return StatusError(400, "BadRequest", message)


def expired(message: str = "too old resource version") -> StatusError:
    """410: the version asked for is no longer kept."""
    return StatusError(410, "Expired", message)
