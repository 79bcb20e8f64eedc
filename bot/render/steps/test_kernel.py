"""The words of a kernel's test."""

from bot.render.steps.words import Count, StepWords

TEST_KERNEL = StepWords(
    verb="test_kernel",
    act="have a kernel of canary user `{target}` compute 1+1",
    by_hand="# Open a notebook as {target} and run 1+1.",
    success="The kernel answers 2 over its websocket within 10 seconds, or at a later try.",
    undo="Nothing stays of it.",
    counts={"kernel_seconds": Count(words="seconds until the answer")},
)
