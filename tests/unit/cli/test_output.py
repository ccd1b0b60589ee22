"""What commands print: for people, for pipes, for programs."""

import json

import pytest

from earwitness.cli.output import one_line, progress, say, show_json, show_record, show_rows

ROWS = [{"id": "rec_1", "title": "first", "more": 1}, {"id": "rec_2", "title": None, "more": 2}]
COLUMNS = {"id": "recording", "title": "what"}


def test_rows_are_tab_separated_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, COLUMNS, as_json=False)
    assert capsys.readouterr().out == "recording\twhat\nrec_1\tfirst\nrec_2\t-\n"


def test_rows_are_a_table_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show_rows(ROWS, COLUMNS, as_json=False, title="Kept")
    shown = capsys.readouterr().out
    assert "Kept" in shown
    assert "rec_1" in shown
    assert "│" in shown


def test_rows_as_json_have_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS


def test_a_record_is_lines_or_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    show_record({"id": "rec_1", "kept": True}, as_json=False)
    assert capsys.readouterr().out == "id:   rec_1\nkept: yes\n"
    show_record({"id": "rec_1", "kept": True}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"id": "rec_1", "kept": True}


def test_a_value_cannot_command_the_terminal() -> None:
    assert one_line("a\x1b[31mb\nc\td\u202ee") == "a�[31mb�c�d�e"
    assert one_line("Łódź 名前") == "Łódź 名前"


def test_markup_in_a_value_is_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
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
    shown = capsys.readouterr()
    assert shown.out == "done\n"
    assert shown.err == ""
