"""``earwitness up`` as a program of its own, started again on the same port; and a microphone made of a file."""

import json
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earwitness.bootstrap import create_house, open_house
from earwitness.bootstrap.sample import give_sample_home
from earwitness.identity.people import Standing
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH, Clip
from earwitness.policy.purposes import Purpose
from earwitness.testing.browsing import PASSWORD, cheap_passwords
from earwitness.testing.canary import NAME, canary
from earwitness.testing.waiting import wait_until
from earwitness.web.listening import listen

COMMAND = (sys.executable, "-c", "from earwitness.cli.app import main; main()")
SOON = 60  # seconds
LEAD = 2.5  # seconds of silence from the opening of the microphone to the first word
TAIL = 30.0
NO_MICROPHONE = ("--disable-audio-input",)


@dataclass(slots=True)
class HubProgram:
    """A hub of one adult, who signs in as ``ada`` and has said yes to answers and a history."""

    data: Path
    log: Path
    url: str = ""
    reviewed: bool = False
    """its deidentifier and its workbench run beside it"""
    _process: subprocess.Popen[str] | None = field(default=None)

    def make(self, *more: Purpose, home: bool = False) -> None:
        """Make the installation; ``more``: what else the adult says yes to; ``home``: with the sample home."""
        create_house(self.data)
        if home:
            give_sample_home(self.data)
        with open_house(self.data) as house:
            household = house.directory.households.add(canary("home"))
            person = house.directory.people.add(household.id, NAME, standing=Standing.OWNER)
            with house.database.write() as tx:
                for purpose in (Purpose.ASSIST, Purpose.HISTORY, *more):
                    house.consents.record(tx, person.actor(None), person.id, purpose)
            _, link = house.accounts.add("ada", person_id=person.id)
            house.accounts.use_link(link, cheap_passwords().hash(PASSWORD))

    def start(self, *options: str) -> None:
        """Run it, on the port that it had before."""
        if not self.url:
            with_port = listen("localhost", 0)
            self.url = with_port.url
            with_port.close()
        port = self.url.rpartition(":")[2]
        beside = ("--workbench-port", "0") if self.reviewed else ("--no-review",)
        command = [*COMMAND, "up", "--data", str(self.data), "--port", port, *beside, *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603 - ours
        assert self._process.stdout is not None  # noqa: S101 - it is piped
        assert self._process.stdout.readline().startswith("ready")  # noqa: S101 - nothing can be tried otherwise

    def workbench(self) -> str:
        """Where the workbench is, once it is up."""
        place, note = self.data / "run" / "workbench.json", dict[str, Any]()

        def is_up() -> bool:
            with suppress(OSError, ValueError):
                note.update(json.loads(place.read_bytes()))
            return bool(note)

        wait_until(is_up)
        return str(note["url"])

    def command(self, *words: str) -> dict[str, Any]:
        """Run another command on the same installation, as a program of its own; return what it says."""
        with self.log.open("ab") as log:
            command = [*COMMAND, *words, "--data", str(self.data), "--json"]
            told = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, check=True)  # noqa: S603 - ours
        found: dict[str, Any] = json.loads(told.stdout)
        return found

    def kill(self) -> None:
        """End it without a word to anybody."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.communicate(timeout=SOON)


def microphone(place: Path, *spoken: bytes, lead: float = LEAD) -> tuple[str, ...]:
    """Write what a microphone hears from its opening on (16 kHz mono s16le); return Chromium's arguments for it."""
    place.write_bytes(Clip(_silence(lead) + _silence(0.4).join(spoken) + _silence(TAIL)).to_wav())
    return (
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={place}%noloop",
    )


def _silence(seconds: float) -> bytes:
    return bytes(int(seconds * SAMPLE_RATE) * SAMPLE_WIDTH)
