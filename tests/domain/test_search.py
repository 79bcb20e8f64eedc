"""Words are split, cut out and compared in the same way for every database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.search import (
    MOST_WORDS,
    Candidate,
    alike,
    asked,
    indexed,
    snippet,
    stem,
)


def test_words_of_a_question() -> None:
    assert asked("The Proxies, and hub-db-dir: 503 Ärger_x") == (
        *("proxies", "hub", "db", "dir", "503", "arger", "x"),
    )
    assert len(asked(" ".join(map(str, range(1000))))) == MOST_WORDS


@pytest.mark.parametrize(
    ("one", "other"),
    [("evicted", "evictions"), ("nodes", "node"), ("proxies", "proxy"), ("hanging", "hangs")],
)
def test_forms_of_a_word(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text(text: str, question: str) -> None:
    words = asked(question)
    assert all(word.isalnum() for word in words)
    assert len(snippet(text, words)) <= 203
    for score, _key in alike(words, [Candidate(key="a", title="", text=indexed(text))], total=1):
        assert 0 <= score <= 1


def test_a_snippet_is_where_the_words_are() -> None:
    text = "first " * 100 + "the proxy was evicted " + "last " * 100
    assert "the proxy was evicted" in snippet(text, asked("evict proxy"))
    assert snippet("short", asked("other")) == "short"


def test_the_most_alike_comes_first_and_one_shared_word_is_too_little() -> None:
    texts = {"a": "the proxy was evicted again", "b": "a proxy is slow", "c": "nodes"}
    found = alike(
        asked("proxy evicted"),
        [Candidate(key=key, title="", text=indexed(text)) for key, text in texts.items()],
        total=10,
    )
    assert [key for _score, key in found] == ["a"]
