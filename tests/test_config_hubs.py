"""Names of hubs that nobody could type among other words are refused when the configuration is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load
from bot.errors import ConfigError

HUB = "{{name: {}, url: https://u, api_url: http://a, api_token: t, cluster: c, namespace: n}}"
TWO_HUBS = f"clusters: [{{{{name: c}}}}]\nhubs: [{HUB}, {HUB}]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hubs: [{name: Data 8}]\n", "hubs.0.name: write it as one word of at most 75 characters"),
        (f"hubs: [{{name: {'h' * 160}}}]\n", "hubs.0.name: write it as one word of at most 75"),
        (TWO_HUBS.format("Data8", "DATA8"), "hubs: “Data8” and “DATA8” differ in case only"),
        (TWO_HUBS.format("data8", "data8"), "hubs: two have the same name"),
        ("incident:\n  declare_reaction: 'a b'\n", "incident.declare_reaction: write the emoji"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mayday.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load(file)
    assert said in str(told.value)
    assert "\n" not in str(told.value)
