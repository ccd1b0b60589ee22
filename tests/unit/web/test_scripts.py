"""The pages' scripts: typed, small, and asking nobody but the hub."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted((ROOT / "src/earwitness/web/public/assets").glob("*.js"))
TEMPLATES = sorted((ROOT / "src/earwitness/web").rglob("*.html"))
MARKUP_FROM_TEXT = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|new Function)\b")
LONGEST = 260


def test_their_types_hold() -> None:
    """A missing compiler fails (scripts/debian-packages installs it); what it would emit is thrown away."""
    done = subprocess.run(["tsc", "-p", str(ROOT / "frontend")], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_small_and_makes_no_markup_out_of_text(script: Path) -> None:
    text = script.read_text()
    assert len(text.splitlines()) <= LONGEST
    assert not MARKUP_FROM_TEXT.search(text)
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_neither_inline_scripts_nor_styles_nor_foreign_addresses(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon[a-z]+=\"|\bstyle=\"|javascript:", text)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_posts_carries_the_visitors_token(template: Path) -> None:
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", template.read_text(), re.DOTALL)
    assert not [each for each in forms if 'name="form" value="{{ token }}"' not in each]
