"""A picture of what happened last, for whoever waited for something in vain."""

from collections.abc import Sequence

from sandbox.slack.deliveries import Delivered
from sandbox.slack.values import Call
from sandbox.slack.workspace import Workspace

_RECENT = 12


def recent(
    workspace: Workspace, calls: Sequence[Call], deliveries: Sequence[Delivered], sockets: int
) -> str:
    """The last calls, deliveries and messages, a line each; under the workspace's lock."""
    lines = [f"sockets: {sockets}", "calls:"]
    for call in calls[-_RECENT:]:
        outcome = call.answer.get("error") or ("ok" if call.status == 200 else call.status)
        lines.append(f"  {call.method} {dict(call.args)!r:.200} -> {outcome}")
    lines.append("deliveries:")
    for delivered in deliveries[-_RECENT:]:
        came = "acked" if delivered.acked else "not acked"
        lines.append(f"  {delivered.name} attempt {delivered.attempt}: {came}")
    lines.append("messages:")
    for channel in workspace.channels.values():
        for message in list(channel.messages.values())[-3:]:
            lines.append(f"  {channel.name or channel.id} {message['ts']} {message['text']!r:.120}")
    return "\n".join(lines)
