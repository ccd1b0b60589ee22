"""The rules of the house that no linter knows, checked on the source itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from earwitness.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "earwitness").rglob("*.py"))
PRODUCT = [path for path in SOURCES if "testing" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
GENERATED = [path for path in SOURCES if path.parent.name == "versions"]  # Alembic's, one a migration
LONGEST_FILE = 400
LONGEST_TEST_FILE = 600
LONGEST_FUNCTION = 60
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
MAY_PRINT = {"cli", "bench"}
FOREIGN_ERRORS = {"Exception", "BaseException", "ValueError", "RuntimeError", "KeyError", "OSError", "TypeError"}
EXPECTING = {"raises", "expect", "fail"}  # of pytest and playwright
CLOCKS = {f"{kind}{unit}" for kind in ("monotonic", "perf_counter", "process_time") for unit in ("", "_ns")}
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def nodes(paths: list[Path]) -> Iterator[tuple[str, ast.AST]]:
    """Every syntax node with ``path`` it stands in."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            yield name(path), node


def lines(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """Every line with ``path:number``."""
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield f"{name(path)}:{number}", line


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_file_fits_in_one_sitting() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in SOURCES + TESTS}
    limits = dict.fromkeys(SOURCES, LONGEST_FILE) | dict.fromkeys(TESTS, LONGEST_TEST_FILE)
    assert not {name(path): size for path, size in sizes.items() if size > limits[path]}


def test_a_function_fits_on_one_screen() -> None:
    sizes = {
        f"{path} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, node in nodes([path for path in SOURCES if path not in GENERATED])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {place: size for place, size in sizes.items() if size > LONGEST_FUNCTION}


def test_a_module_is_called_by_what_it_is() -> None:
    words = {name(path): re.split(r"[/_.]", name(path)) for path in SOURCES}
    assert not [path for path, parts in words.items() if VAGUE_NAMES & set(parts)]


def test_nothing_is_left_unfinished() -> None:
    assert not [place for place, line in lines(SOURCES) if UNFINISHED.search(line)]


def test_only_the_command_line_prints() -> None:
    silent = [path for path in SOURCES if path.relative_to(ROOT / "src/earwitness").parts[0] not in MAY_PRINT]
    assert not [
        f"{path}:{node.lineno}"
        for path, node in nodes(silent)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def test_tests_do_not_sleep() -> None:
    assert not [
        f"{path}:{node.lineno}"
        for path, node in nodes(TESTS)
        if isinstance(node, ast.Attribute) and node.attr == "sleep"
    ]


def test_tests_read_no_clock() -> None:
    """A duration in a test holds on the machine it was written on; what came before what holds everywhere."""
    assert not [
        f"{path}:{node.lineno}"
        for path, node in nodes(TESTS)
        if (isinstance(node, ast.Attribute) and (node.attr in CLOCKS or ast.unparse(node) == "time.time"))
        or (isinstance(node, ast.ImportFrom) and node.module == "time")
    ]


def test_every_test_says_what_it_expects() -> None:
    """One that only calls cannot fail, or fails where nobody looks for what it wanted."""
    silent = [
        f"{path} {node.name}"
        for path, node in nodes(TESTS)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not any(isinstance(each, ast.Assert) or called(each) in EXPECTING for each in ast.walk(node))
    ]
    assert not silent


def called(node: ast.AST) -> str:
    """The last name of what is called here, or nothing."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in SOURCES if path not in GENERATED}
    assert not [name(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_every_error_is_in_the_one_tree() -> None:
    """An exception from outside the tree would cross a floor unseen."""
    places = [path for path in PRODUCT if name(path) != "src/earwitness/kernel/errors.py"]
    assert not [
        f"{path} {node.name}"
        for path, node in nodes(places)
        if isinstance(node, ast.ClassDef)
        and {base.id for base in node.bases if isinstance(base, ast.Name)} & FOREIGN_ERRORS
    ]


def test_the_tree_of_errors_is_drawn_where_it_grows() -> None:
    text = (ROOT / "src/earwitness/kernel/errors.py").read_text()
    drawn = set(re.findall(r"── (\w+)", text)) | {"EarwitnessError"}
    assert drawn == {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}


def test_every_opt_out_of_a_lint_rule_has_its_reason() -> None:
    opted_out = [(place, line) for place, line in lines(SOURCES + TESTS) if re.search(r"#\s?noqa\b", line)]
    assert not [place for place, line in opted_out if not re.search(r"#\s?noqa: [A-Z0-9, ]+ - \w", line)]
    listed = re.findall(r'^ +"[A-Z]+[0-9]*",(.*)$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert listed
    assert not [rest for rest in listed if not re.search(r"# \w", rest)]


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    assert not [field for field in Settings.model_fields if f"`{field}`" not in page]


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = {(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text())}
    assert len(links) > len(pages)
    assert not [f"{name(page)}: {link}" for page, link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_holds_pins_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not [line for line in text.splitlines() if not (PIN.match(line) or HASH.match(line))]


def test_both_lock_files_agree() -> None:
    runtime, development = (pins((ROOT / lock).read_text()) for lock in LOCKS)
    assert runtime <= development
    assert {"fastapi", "hatchling", "sqlalchemy"} <= {pin[0] for pin in runtime}
    assert {"pytest", "ruff", "mypy", "uv"} <= {pin[0] for pin in development - runtime}


def pins(text: str) -> set[tuple[str, str, str]]:
    found = (PIN.match(line) for line in text.splitlines())
    return {(match[1], match[2], match[3] or "") for match in found if match}


def test_a_script_stops_at_its_first_error() -> None:
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.suffix != ".txt"]
    assert scripts
    assert not [name(path) for path in scripts if "set -euo pipefail" not in path.read_text()]
    assert not [name(path) for path in scripts if not path.stat().st_mode & 0o111]
