"""What commands print: for people, for pipes, for programs."""

import json

import pytest

from earwitness.cli import nextsteps
from earwitness.cli.output import Moment, note, one_line, progress, say, show_json, show_record, show_rows

ROWS = [{"id": "rec_1", "title": "first", "more": 1}, {"id": "rec_2", "title": None, "more": 2}]
COLUMNS = {"id": "recording", "title": "what"}
WHOLE = "rec_" + "abcdefgh" + "x" * 18


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")


def test_rows_are_tab_separated_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, COLUMNS, as_json=False)
    assert capsys.readouterr().out == "recording\twhat\nrec_1\tfirst\nrec_2\t-\n"


def test_rows_are_a_table_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    show_rows([*ROWS, {"id": WHOLE, "title": "word " * 40}], COLUMNS, as_json=False, wraps=("title",))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["recording", "what"]
    assert any(line.startswith("rec_abcdefgh ") for line in shown)
    assert WHOLE not in "".join(shown)
    assert sum(line.count("word") for line in shown) == 40
    assert max(map(len, shown)) <= 80


def test_ids_and_moments_stay_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    row = {"at": Moment(0), "id": WHOLE, "title": "x" * 300}
    show_rows([row], {"at": "when", "title": "what", "id": "id"}, as_json=False, wraps=("title",))
    shown = capsys.readouterr().out
    assert "rec_abcdefgh" in shown
    assert "1970-01-01 0" in shown
    assert shown.count("x") == 300


def test_rows_as_json_have_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS


def test_no_rows_are_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([], COLUMNS, as_json=False, empty="None yet.")
    assert capsys.readouterr() == ("", "None yet.\n")
    show_rows([], COLUMNS, as_json=True, empty="None yet.")
    assert capsys.readouterr() == ("[]\n", "")


def test_a_record_is_lines_or_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    show_record({"id": "rec_1", "is_kept": True, "at": Moment(0)}, as_json=False)
    assert capsys.readouterr().out == "id:      rec_1\nis kept: yes\nat:      1970-01-01T00:00:00.000Z\n"
    show_record({"id": "rec_1", "is_kept": True, "at": Moment(0)}, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert shown == {"id": "rec_1", "is_kept": True, "at": "1970-01-01T00:00:00.000Z"}


def test_a_value_cannot_command_the_terminal() -> None:
    assert one_line("a\x1b[31mb\nc\td\u202ee\udce9") == "a�[31mb�c�d�e�"
    assert one_line("Łódź 名前 👪") == "Łódź 名前 👪"
    assert one_line(["a\n", 1]) == "a�, 1"
    assert one_line([]) == "-"
    assert one_line({"rows": 2, "keys": 1}) == "rows 2, keys 1"


def test_markup_in_a_value_is_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    show_rows([{"id": "[bold]x[/bold]", "title": "[/]"}], COLUMNS, as_json=False)
    assert "[bold]x[/bold]" in capsys.readouterr().out


def test_json_keeps_letters(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"name": "Łódź"})
    assert "Łódź" in capsys.readouterr().out


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("rewrapping", 10) as advance:
        advance(5)
        advance(10, 20)
    say("done")
    assert capsys.readouterr() == ("done\n", "")


def test_progress_is_drawn_where_somebody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("rewrapping", 10) as advance:
        advance(4)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "rewrapping" in shown.err
    with progress("rewrapping", 10, quiet=True) as advance:
        advance(4)
    assert capsys.readouterr() == ("", "")


def test_a_note_is_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    nextsteps.remember(["keep", "--data", "d"])
    note("Next: earwitness history")
    nextsteps.remember([])
    assert capsys.readouterr() == ("", "Next: earwitness history --data d\n")
