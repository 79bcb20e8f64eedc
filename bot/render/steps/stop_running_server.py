"""The words of the stop of a server that runs."""

from bot.render.steps.words import StepWords

STOP_RUNNING_SERVER = StepWords(
    verb="stop_running_server",
    act="have the hub stop the running server `{target}`",
    by_hand='curl -fX DELETE -H "Authorization: token $TOKEN" "$HUB_API/users/{user}/servers/{server}"',
    success="The hub's record of this start and its pod are gone within 90 seconds.",
    one="have the hub stop a user's running server",
    many="have the hub stop {count} users' running servers",
    undo="Run start-server for it. What ran in it and was not saved is lost.",
)
