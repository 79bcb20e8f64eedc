"""The Status objects with which a Kubernetes API server rejects a request."""

from __future__ import annotations

from typing import Any

from sandbox.cluster.resources import Resource


class StatusError(Exception):
    """An error that the HTTP layer turns into a `Status` object of the same code."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details

    def body(self) -> dict[str, Any]:
        """The `Status` object as sent to the client."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "code": self.code,
        }
        return status if self.details is None else status | {"details": self.details}


def not_found(resource: Resource, name: str) -> StatusError:
    """404: no object has this name."""
    return _about(resource, name, 404, "NotFound", f'{resource.qualified} "{name}" not found')


def already_exists(resource: Resource, name: str) -> StatusError:
    """409: another object has this name."""
    message = f'{resource.qualified} "{name}" already exists'
    return _about(resource, name, 409, "AlreadyExists", message)


def conflict(resource: Resource, name: str, why: str, *, called: str = "") -> StatusError:
    """409: the object or its version is not the expected one."""
    what = called or resource.qualified
    message = f'Operation cannot be fulfilled on {what} "{name}": {why}'
    return _about(resource, name, 409, "Conflict", message)


def invalid(resource: Resource, name: str, field: str, why: str) -> StatusError:
    """422: the object is well formed but invalid."""
    refused = _about(
        resource, name, 422, "Invalid", f'{resource.kind} "{name}" is invalid: {field}: {why}'
    )
    causes = [{"reason": "FieldValueInvalid", "message": why, "field": field}]
    refused.details = (refused.details or {}) | {"kind": resource.kind, "causes": causes}
    return refused


def _about(resource: Resource, name: str, code: int, reason: str, message: str) -> StatusError:
    details = {"name": name, "kind": resource.plural}
    if resource.group:
        details["group"] = resource.group
    return StatusError(code, reason, message, details)


def bad_request(message: str) -> StatusError:
    """400: the request is malformed."""
    return StatusError(400, "BadRequest", message)


def expired(message: str) -> StatusError:
    """410: the requested version is no longer kept."""
    return StatusError(410, "Expired", message)
