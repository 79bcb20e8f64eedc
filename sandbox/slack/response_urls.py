"""response_url: later answers to commands and interactions, without a token."""

import secrets
import time
from dataclasses import dataclass

from sandbox.slack.blocks import message_blocks
from sandbox.slack.posts import Draft, Posts
from sandbox.slack.values import Json, SlackError
from sandbox.slack.workspace import Channel, User, Workspace

_USES = 5
_SECONDS = 30 * 60.0


@dataclass(kw_only=True)
class _Address:
    """The target of an answer. `ts` is the message acted on, if any."""

    channel: Channel
    user: User
    ts: str | None
    made: float
    uses: int = 0


class ResponseUrls:
    """Creates response_urls and handles requests: five uses each, within 30 real minutes."""

    def __init__(self, workspace: Workspace, posts: Posts) -> None:
        self._workspace = workspace
        self._posts = posts
        self._addresses: dict[str, _Address] = {}
        self.base = ""

    def new(self, channel: Channel, user: User, ts: str | None = None) -> str:
        """Returns a new URL for an action in `channel`."""
        key = secrets.token_hex(12)
        self._addresses[key] = _Address(channel=channel, user=user, ts=ts, made=time.monotonic())
        return f"{self.base}{key}"

    def use(self, key: str, body: Json | None) -> None:
        """Answer at a URL; None is a body that is no object. Raises SlackError."""
        address = self._addresses.get(key)
        if address is None or time.monotonic() - address.made > _SECONDS:
            raise SlackError("expired_url")
        if address.uses >= _USES:
            raise SlackError("used_url")
        if body is None:
            raise SlackError("invalid_payload")
        with self._workspace.lock:
            address.uses += 1
            self.answer(address.channel, address.user, body, ts=address.ts)

    def answer(self, channel: Channel, user: User, body: Json, *, ts: str | None = None) -> None:
        """Apply an answer: replace or delete the original, or post a message."""
        ephemeral = self._workspace.ephemeral(user, channel, ts)
        original = channel.messages.get(ts or "")
        if body.get("delete_original"):
            if ephemeral is not None:
                self._workspace.ephemerals[user.id][channel.id].remove(ephemeral)
                self._workspace.touch()
            elif original is not None:
                self._posts.delete(channel, original)
            return
        draft = _draft(body)
        if body.get("replace_original") and (ephemeral or original):
            changes = {"text": draft.text, "blocks": list(draft.blocks)}
            if ephemeral is not None:
                ephemeral |= changes
                self._workspace.touch()
            elif original is not None:
                app = self._workspace.app
                self._posts.edit(channel, original, changes, editor=app.bot_id)
        elif body.get("response_type") == "in_channel":
            self._posts.post(channel, self._workspace.bot, draft)
        else:
            self._posts.post_ephemeral(channel, user, draft)


def _draft(body: Json) -> Draft:
    blocks = body.get("blocks")
    text = str(body.get("text") or "")
    if not text and not blocks and not body.get("attachments"):
        raise SlackError("no_text")
    return Draft(
        text=text,
        blocks=message_blocks(blocks) if blocks else [],
        attachments=body.get("attachments") or [],
        thread_ts=body.get("thread_ts"),
    )
