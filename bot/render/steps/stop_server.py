"""The words of a server's stop."""

from bot.render.steps.words import StepWords

STOP_SERVER = StepWords(
    verb="stop_server",
    act="have the hub stop server `{target}`",
    by_hand='curl -fX DELETE -H "Authorization: token $TOKEN" "$HUB_API/users/{user}/servers/{server}"',
    success="The hub's record of this start and its pod are gone.",
    undo="It can't be taken back. The user can start the server again, without what ran in it.",
    one="have the hub stop a user's server",
    many="have the hub stop {count} users' servers",
)
