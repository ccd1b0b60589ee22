"""Pronunciations of new words from espeak-ng (GPL, so in a process of its own), as phones of the recogniser."""

import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.speech.lexicon.phones import arpabet

PROGRAM: Final = "espeak-ng"
VOICE: Final = "en-us"
PATIENCE_S: Final = 10


class EspeakLexicon:
    """Says how a word that is in no dictionary is spoken. Thread-safe."""

    def pronounce(self, words: Sequence[str]) -> list[tuple[str, ...]]:
        """The phones of each word, all asked at once.

        Raises:
            EngineMissing: espeak-ng is not installed.
            EngineFailed: it gave no pronunciation.
        """
        if not words:
            return []
        lines = self._ask(words)
        if len(lines) != len(words):
            msg = "espeak-ng gave no pronunciation for a word."
            raise EngineFailed(msg, next_step="Give the name another spelling, as it sounds in English.")
        return [arpabet(line) for line in lines]

    def _ask(self, words: Sequence[str]) -> list[str]:
        program = shutil.which(PROGRAM)
        if program is None:
            msg = "espeak-ng is not installed; names that are in no dictionary cannot be recognised."
            raise EngineMissing(msg, next_step="apt-get install espeak-ng")
        command = (program, "-q", "--ipa", "-v", VOICE, "--stdin")
        try:
            done = subprocess.run(  # noqa: S603 - fixed arguments; the words go in through a pipe
                command,
                input="\n\n".join(words) + "\n",
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=PATIENCE_S,
                check=True,
                restore_signals=False,  # in a process that may write no file its sound library fails, without dying
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineFailed("espeak-ng ended with an error.", next_step="Try it: espeak-ng --ipa word") from error
        return [line.strip() for line in done.stdout.splitlines() if line.strip()]
