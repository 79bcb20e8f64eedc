"""Whether a text that people changed was made from the one that mayday sent or from the one before."""

from __future__ import annotations

import time

from bot.services.documents import _is_written

PAGE = "word " * 10_000


def test_a_text_is_made_from_the_one_that_it_resembles_more() -> None:
    before, sent = "one\ntwo\nthree\n", "one\nthree\ntwo\n"
    assert _is_written("one\nthree\ntwo, by hand\n", sent, before)
    assert not _is_written("one, by hand\ntwo\nthree\n", sent, before)
    assert not _is_written(before, sent, before)
    assert not _is_written("", sent, "")


def test_long_texts_of_one_word_are_compared_in_linear_time() -> None:
    began = time.thread_time()
    assert _is_written(f"{PAGE} sent by hand", f"{PAGE} sent", PAGE)
    assert time.thread_time() - began < 1
