"""docs/settings.md says what the settings are: each one, its default, and what comes from the environment."""

import json
import re
import tomllib
from pathlib import Path

from earwitness.settings import Settings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "settings.md").read_text()
SOURCES = (ROOT / "src" / "earwitness").rglob("*.py")
VARIABLE = re.compile(r"\"((?:EARWITNESS|VAULT|AWS)_[A-Z_]+)\"")
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
IN_WORDS = {"empty": "", "none": ()}
OF_THE_TESTS = "EARWITNESS_TEST"


def test_every_setting_stands_there_once_with_its_default() -> None:
    rows = {name: default.strip() for name, default, _ in ROW.findall(PAGE)}
    assert list(rows) == list(Settings.model_fields)
    assert rows.pop("installation") == "made by `init`"
    shown = {name: IN_WORDS.get(text, text.strip("`")) for name, text in rows.items()}
    defaults = {name: Settings.model_fields[name].default for name in rows}
    assert shown == {name: _written(value) for name, value in defaults.items()}


def _written(value: object) -> object:
    """As it stands in the file; nothing in a list is said in words."""
    return json.dumps(value) if value and isinstance(value, tuple) else value if value == () else str(value)


def test_the_example_is_accepted() -> None:
    match = re.search(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert match
    assert Settings.model_validate(tomllib.loads(match[1])).rotation_hours == 12


def test_every_variable_of_the_environment_stands_there() -> None:
    used = {name for path in SOURCES for name in VARIABLE.findall(path.read_text())}
    assert len(used) > 4
    assert sorted(name for name in used if not name.startswith(OF_THE_TESTS) and f"`{name}`" not in PAGE) == []
