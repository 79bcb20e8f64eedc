"""The words of a file with diagnostics."""

from bot.render.steps.words import Count, StepWords

SHARE_DIAGNOSTICS = StepWords(
    verb="share_diagnostics",
    act="read what can be read of the hub, and share it as a text file in {target}",
    by_hand=(
        "kubectl -n {namespace} describe pods && kubectl -n {namespace} get events && "
        "kubectl -n {namespace} logs deploy/hub --tail={lines}"
    ),
    success="Slack took the file. It says what could not be read.",
    undo="Nothing is changed. Delete the file's message in Slack to take the file back.",
    counts={
        "pods": Count(words="pods described"),
        "logs": Count(words="logs"),
        "events": Count(words="events"),
    },
)
