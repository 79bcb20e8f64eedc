"""The words of a volume's growth."""

from bot.render.steps.words import Count, StepWords

GROW_VOLUME = StepWords(
    verb="grow_volume",
    act="grow claim `{target}` from {found} to {size}",
    by_hand="kubectl --context {cluster} -n {namespace} patch pvc {target} "
    """-p '{{"spec":{{"resources":{{"requests":{{"storage":"{size}"}}}}}}}}'""",
    success="The claim has a capacity of {size}, or only its file system waits for the next mount.",
    undo="A volume can't be made smaller.",
    counts={"capacity": Count(words="capacity"), "waits": Count(words="note:")},
)
