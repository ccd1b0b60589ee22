"""``earwitness account``: links that set a password, who may sign in, and taking it away."""

from pathlib import Path

import pytest

from earwitness.bootstrap import create_house, open_house
from earwitness.settings import Settings
from earwitness.testing.browsing import PASSWORD, cheap_passwords
from earwitness.testing.canary import NAME, OTHER_NAME, canary
from earwitness.testing.commandline import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    create_house(tmp_path / "data", Settings(installation="inst_cli"))
    made = CommandLine(tmp_path / "data")
    made.does("person", "add", NAME, "--owner")
    made.does("person", "add", OTHER_NAME)
    return made


def token(shown: dict[str, str]) -> str:
    return shown["link"].rpartition("/welcome/")[2]


def test_an_account_is_made_listed_reset_and_removed(cli: CommandLine) -> None:
    made = cli.does("account", "add", NAME, "--json").json
    assert made["signs_in_as"] == NAME
    assert made["link"].startswith("http://localhost:8710/welcome/")
    with open_house(cli.data) as house:
        house.accounts.use_link(token(made), cheap_passwords().hash(PASSWORD))
    (row,) = cli.does("account", "list", "--json").json
    assert (row["name"], row["password"], row["factor"]) == (NAME, True, "none")
    again = cli.does("account", "reset", NAME, "--factors", "--json").json
    assert token(again) != token(made)
    (row,) = cli.does("account", "list", "--json").json
    assert row["password"] is False
    cli.does("account", "remove", NAME, "--yes")
    assert cli.does("account", "list", "--json").json == []


def test_staff_sign_in_by_their_id_or_a_name(cli: CommandLine) -> None:
    staff = cli.does("staff", "add", "reviewer", "--employer", "contractor", "--country", "DE", "--json").json
    made = cli.does("account", "add", staff["id"], "--sign-in", canary("r1"), "--json").json
    assert made["signs_in_as"] == canary("r1")
    (row,) = cli.does("account", "list", "--json").json
    assert (row["staff"], row["person"]) == (staff["id"], None)
    cli.does("account", "remove", staff["id"], "--yes")


def test_what_cannot_be_is_refused_in_one_line(cli: CommandLine) -> None:
    cli.does("account", "add", NAME)
    assert "have an account already" in cli.fails("account", "add", NAME)
    assert "name is taken" in cli.fails("account", "add", OTHER_NAME, "--sign-in", NAME)
    assert "no person of that name" in cli.fails("account", "add", "nobody")
    assert "no such account" in cli.fails("account", "reset", OTHER_NAME)
    assert "no such account" in cli.fails("account", "remove", OTHER_NAME, "--yes")
