"""The payloads that Slack sends to an app.

Shapes: docs.slack.dev/apis/events-api and /reference/interaction-payloads (November 2026).
"""

from sandbox.slack.deliveries import Delivery, DeliveryKind
from sandbox.slack.values import Json, new_id
from sandbox.slack.workspace import Channel, ChannelKind, User, Workspace

_CHANNEL_TYPES = {ChannelKind.PUBLIC: "channel", ChannelKind.PRIVATE: "group", ChannelKind.IM: "im"}
_SUBSCRIPTIONS = {
    ChannelKind.PUBLIC: "message.channels",
    ChannelKind.PRIVATE: "message.groups",
    ChannelKind.IM: "message.im",
}


def channel_type(channel: Channel) -> str:
    """Returns `channel_type` for message events."""
    return _CHANNEL_TYPES[channel.kind]


def subscription(event: Json, channel: Channel) -> str:
    """Returns this event's name in a manifest's subscriptions."""
    if event["type"] == "message":
        return _SUBSCRIPTIONS[channel.kind]
    return str(event["type"])


def event_delivery(workspace: Workspace, event: Json, channel: Channel) -> Delivery:
    """An event in its `event_callback` wrapper, with a unique event_id."""
    app = workspace.app
    payload = {
        "token": app.verification_token,
        "team_id": workspace.team_id,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": workspace.seconds(),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": app.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": channel.is_ext_shared,
    }
    return Delivery(kind=DeliveryKind.EVENT, name=str(event["type"]), payload=payload)


def command_delivery(
    workspace: Workspace, user: User, channel: Channel, *, command: str, text: str, **rest: str
) -> Delivery:
    """A slash command; `rest` has `trigger_id` and `response_url`."""
    payload: Json = {
        "token": workspace.app.verification_token,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": channel_reference(channel)["name"],
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app.id,
        "is_enterprise_install": "false",
        **rest,
    }
    return Delivery(kind=DeliveryKind.COMMAND, name=command, payload=payload)


def interaction(workspace: Workspace, user: User, kind: str, **rest: object) -> Delivery:
    """An interaction of this type (block_actions, view_submission, …) by `user`."""
    payload: Json = {
        "type": kind,
        "team": {"id": user.home_team or workspace.team_id, "domain": workspace.domain},
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.home_team or workspace.team_id,
        },
        "api_app_id": workspace.app.id,
        "token": workspace.app.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
        **rest,
    }
    return Delivery(kind=DeliveryKind.INTERACTION, name=kind, payload=payload)


def channel_reference(channel: Channel) -> Json:
    """The short form of a channel inside an interaction."""
    names = {ChannelKind.PRIVATE: "privategroup", ChannelKind.IM: "directmessage"}
    return {"id": channel.id, "name": names.get(channel.kind, channel.name)}
