"""The words of the stop of a server that runs."""

from bot.render.steps.words import StepWords

STOP_RUNNING_SERVER = StepWords(
    verb="stop_running_server",
    act="have the hub stop the running server `{target}`",
    by_hand='curl -X DELETE -H "Authorization: token $TOKEN" $HUB_API/users/{user}/{path}',
    success="The hub's record of this start and its pod are gone within 90 seconds.",
    undo="Run start-server for it. What ran in it and was not saved is lost.",
)
