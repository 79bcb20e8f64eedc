"""The page's actions as JSON. Each names a method of `Person` and its arguments."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.slack.person import Person
from sandbox.slack.values import Json, PersonError, Upload

_SIMPLE: Mapping[str, tuple[str, ...]] = {
    "edit": ("channel", "ts", "text"),
    "delete": ("channel", "ts"),
    "react": ("channel", "ts", "name"),
    "unreact": ("channel", "ts", "name"),
    "pin": ("channel", "ts"),
    "unpin": ("channel", "ts"),
    "join": ("channel",),
    "close_view": ("view_id",),
}
"""Methods without a result, with their arguments in order."""

_NOT_CHOSEN = ("as", "verb", "channel", "ts", "action_id", "block_id", "view_id", "values")


def perform(person: Person, verb: str, body: Json) -> Json:
    """Run an action; returns the fields beside `ok: true`. Raises PersonError."""
    try:
        if verb in _SIMPLE:
            getattr(person, verb)(*(body[name] for name in _SIMPLE[verb]))
            return {}
        if verb not in _ACTIONS:
            raise PersonError(f"The sandbox knows no verb {verb!r}.")
        return _ACTIONS[verb](person, body)
    except KeyError as error:
        raise PersonError(f"The verb {verb} needs {error}.") from error


def _say(person: Person, body: Json) -> Json:
    text = str(body.get("text", ""))
    thread_ts = body.get("thread_ts") or None
    if text.startswith("/") and thread_ts is None:
        return {"reply": person.command(body["channel"], text)}
    files = [_upload(file) for file in body.get("files") or ()]
    return {"ts": person.say(body["channel"], text, thread_ts, files)}


def _upload(file: Mapping[str, Any]) -> Upload:
    try:
        content = base64.b64decode(file["content_b64"])
    except (binascii.Error, ValueError):
        raise PersonError("This file could not be read.") from None
    mimetype = file.get("mimetype") or "application/octet-stream"
    return Upload(name=file["name"], content=content, mimetype=mimetype)


def _press(person: Person, body: Json) -> Json:
    choice = {key: value for key, value in body.items() if key not in _NOT_CHOSEN}
    what = (body["action_id"], body.get("block_id"), body.get("values"))
    if body.get("view_id"):
        person.view_press(body["view_id"], *what, **choice)
    else:
        person.press(body["channel"], body["ts"], *what, **choice)
    return {}


def _suggest(person: Person, body: Json) -> Json:
    asked = (body["action_id"], str(body.get("typed", "")), body.get("block_id"))
    where = body.get("view_id") or (body["channel"], body["ts"])
    return {"groups": person.suggest(where, *asked)}


def _submit(person: Person, body: Json) -> Json:
    return {"errors": person.submit(body["view_id"], body.get("values"))}


def _shortcut(person: Person, body: Json) -> Json:
    person.shortcut(body["callback_id"], body.get("channel"), body.get("ts") or "")
    return {}


_ACTIONS: Mapping[str, Callable[[Person, Json], Json]] = {
    "say": _say,
    "press": _press,
    "suggest": _suggest,
    "submit": _submit,
    "shortcut": _shortcut,
    "open_home": lambda person, body: {"channel": person.open_home(str(body.get("tab") or "home"))},
}
