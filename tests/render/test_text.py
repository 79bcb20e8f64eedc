"""Text helpers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from bot.render.text import cut, escape, when


def test_control_characters_are_made_harmless_once() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert escape("&lt;") == "&amp;lt;"


def test_cut_keeps_the_limit_and_shows_it() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert cut("abcd efg", 6) == "abcd…"


def test_when_is_the_readers_own_time_with_utc_behind() -> None:
    moment = datetime(2017, 2, 23, 21, 10, 57, tzinfo=timezone(timedelta(hours=-8)))
    assert when(moment) == "<!date^1487913057^{date_short_pretty} at {time}|2017-02-24 05:10 UTC>"
    assert when(moment.astimezone(UTC)) == when(moment)
