"""Typed text as Slack's client encodes it."""

import pytest

from sandbox.slack import SlackSandbox


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("<b> & @ben in #general", "&lt;b&gt; &amp; <@{ben}> in <#{general}|general>"),
        ("@ben.", "<@{ben}>."),
        ("@nobody, ana@ben", "@nobody, ana@ben"),
        ("@here", "<!here>"),
        ("@oncall", "<!subteam^{oncall}>"),
        ("see https://example.org/a?b=1&c.", "see <https://example.org/a?b=1&amp;c>."),
        ("<https://example.org>", "&lt;<https://example.org>&gt;"),
        ("`@ben & https://example.org`", "`@ben &amp; https://example.org`"),
        ("```\n#general\n``` #general", "```\n#general\n``` <#{general}|general>"),
    ],
)
def test_typed_text(slack: SlackSandbox, typed: str, stored: str) -> None:
    slack.person("ana").say("hub-ops", typed)
    [group] = slack.usergroups()
    ids = {
        "ben": slack.person("ben").id,
        "general": slack.channel("general").id,
        "oncall": group.id,
    }
    assert slack.messages("hub-ops")[0]["text"] == stored.format(**ids)
