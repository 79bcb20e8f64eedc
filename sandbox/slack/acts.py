"""Verbs of the page, as JSON: each is one of a `Person`'s verbs, by its name and arguments."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.slack.person import Person
from sandbox.slack.values import Json, PersonError, Upload

Act = Callable[[Person, Json], Json]


def act(person: Person, verb: str, body: Json) -> Json:
    """Carry out one verb; returns what joins `ok: true`. Raises PersonError."""
    found = _ACTS.get(verb)
    if found is None:
        raise PersonError(f"The sandbox knows no verb {verb!r}.")
    try:
        return found(person, body)
    except KeyError as error:
        raise PersonError(f"The verb {verb} needs {error}.") from error


def _say(person: Person, body: Json) -> Json:
    text = str(body.get("text", ""))
    thread_ts = body.get("thread_ts") or None
    is_command = text.startswith("/") and not text.startswith("/me ")
    if is_command and thread_ts is None:
        return {"reply": person.command(body["channel"], text)}
    files = [_upload(file) for file in body.get("files") or ()]
    broadcast = bool(body.get("broadcast"))
    return {"ts": person.say(body["channel"], text, thread_ts, files, broadcast)}


def _upload(file: Mapping[str, Any]) -> Upload:
    try:
        content = base64.b64decode(file["content_b64"])
    except (binascii.Error, ValueError):
        raise PersonError("This file could not be read.") from None
    mimetype = file.get("mimetype") or "application/octet-stream"
    return Upload(name=file["name"], content=content, mimetype=mimetype)


def _simple(verb: Callable[..., object], *names: str) -> Act:
    def run(person: Person, body: Json) -> Json:
        verb(person, *(body[name] for name in names))
        return {}

    return run


def _create_channel(person: Person, body: Json) -> Json:
    return {"channel": person.create_channel(body["name"], bool(body.get("private")))}


_PRESS = ("as", "verb", "channel", "ts", "action_id", "block_id", "view_id", "values")


def _given(body: Json) -> Json:
    return {key: value for key, value in body.items() if key not in _PRESS}


def _press(person: Person, body: Json) -> Json:
    person.press(
        body["channel"],
        body["ts"],
        body["action_id"],
        body.get("block_id"),
        body.get("values"),
        **_given(body),
    )
    return {}


def _view_press(person: Person, body: Json) -> Json:
    person.view_press(
        body["view_id"],
        body["action_id"],
        body.get("block_id"),
        body.get("values"),
        **_given(body),
    )
    return {}


def _suggest(person: Person, body: Json) -> Json:
    typed = str(body.get("typed", ""))
    block_id = body.get("block_id")
    if body.get("view_id"):
        groups = person.suggest_groups(body["view_id"], body["action_id"], typed, block_id)
    else:
        groups = person.suggest_groups_in_message(
            body["channel"], body["ts"], body["action_id"], typed, block_id
        )
    return {"groups": groups}


def _upload_file(person: Person, body: Json) -> Json:
    return {"file": person.upload(_upload(body["file"]))}


def _open_home(person: Person, body: Json) -> Json:
    return {"channel": person.open_home(str(body.get("tab") or "home"))}


def _submit(person: Person, body: Json) -> Json:
    return {"errors": person.submit(body["view_id"], body.get("values"))}


def _shortcut(person: Person, body: Json) -> Json:
    person.shortcut(body["callback_id"], body.get("channel"), body.get("ts") or "")
    return {}


_ACTS: Mapping[str, Act] = {
    "say": _say,
    "edit": _simple(Person.edit, "channel", "ts", "text"),
    "delete": _simple(Person.delete, "channel", "ts"),
    "react": _simple(Person.react, "channel", "ts", "name"),
    "unreact": _simple(Person.unreact, "channel", "ts", "name"),
    "pin": _simple(Person.pin, "channel", "ts"),
    "unpin": _simple(Person.unpin, "channel", "ts"),
    "join": _simple(Person.join, "channel"),
    "leave": _simple(Person.leave, "channel"),
    "invite": _simple(Person.invite, "channel", "user"),
    "set_topic": _simple(Person.set_topic, "channel", "topic"),
    "archive": _simple(Person.archive, "channel"),
    "unarchive": _simple(Person.unarchive, "channel"),
    "create_channel": _create_channel,
    "mark_read": _simple(Person.mark_read, "channel", "ts"),
    "press": _press,
    "view_press": _view_press,
    "suggest": _suggest,
    "submit": _submit,
    "close_view": _simple(Person.close_view, "view_id"),
    "shortcut": _shortcut,
    "open_home": _open_home,
    "upload_file": _upload_file,
}
