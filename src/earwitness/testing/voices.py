"""Voices that die, and Piper without Piper: a program with its protocol, and a voice that the real one can load."""

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from earwitness.kernel.errors import EngineFailed
from earwitness.speech.tts.port import Sound

RATE: Final = 22_050

STAND_IN: Final = """#!{python}
import json, sys
named = dict(zip(sys.argv[1:], sys.argv[2:]))
rate = json.load(open(named["-c"]))["audio"]["sample_rate"]
assert "--output-raw" in sys.argv and open(named["-m"], "rb").read()
for line in sys.stdin:
    if "die" in line:
        sys.exit(1)
    for sentence in line.strip().split(". "):
        sys.stdout.buffer.write(bytes([len(sentence) % 251, 0]) * (rate // 20) * len(sentence))
        sys.stdout.buffer.flush()
"""
"""Speaks 50 ms of noise a letter, sentence by sentence, as piper does with --output-raw."""

# A sine instead of speech, 256 samples a phoneme: ONNX with the inputs and outputs of Piper's voices (opset 15).
_MODEL: Final = (
    "CAg6wwUKFQoFaW5wdXQSBXNoYXBlIgVTaGFwZQokCgVzaGFwZQoDb25lEgFuIgZHYXRoZXIqCwoEYXhpcxgAoAECChIKAW4KA2hvcBID"
    "bGVuIgNNdWwKEQoDbGVuEgFsIgdTcXVlZXplChgKBHplcm8KAWwKA2luYxIBciIFUmFuZ2UKGAoBchICcmYiBENhc3QqCQoCdG8YAaAB"
    "AgoUCgJyZgoFb21lZ2ESAnBoIgNNdWwKDAoCcGgSAXMiA1NpbgooCgZzY2FsZXMKBWl6ZXJvEgJzYyIGR2F0aGVyKgsKBGF4aXMYAKAB"
    "AgokCg1pbnB1dF9sZW5ndGhzEgJpbCIEQ2FzdCoJCgJ0bxgBoAECCiUKAmlsEgNpbHMiCVJlZHVjZVN1bSoPCghrZWVwZGltcxgAoAEC"
    "ChIKAnNjCgNuaWwSAnoxIgNNdWwKEwoDaWxzCgNuaWwSAnoyIgNNdWwKEAoBcwoCejESAnMxIgNBZGQKEQoCczEKAnoyEgJzMiIDQWRk"
    "Ch0KAnMyCgZvc2hhcGUSBm91dHB1dCIHUmVzaGFwZRIBdioTCAEQB0IDb25lSggBAAAAAAAAACoTCAEQB0IDaG9wSggAAQAAAAAAACoS"
    "EAdCBHplcm9KCAAAAAAAAAAAKhMQB0IFaXplcm9KCAAAAAAAAAAAKhEQB0IDaW5jSggBAAAAAAAAACoPEAFCBW9tZWdhSgSPwnU9Kg0Q"
    "AUIDbmlsSgQAAAAAKi4IBBAHQgZvc2hhcGVKIAEAAAAAAAAAAQAAAAAAAAABAAAAAAAAAP//////////WhUKBWlucHV0EgwKCggHEgYK"
    "AggBCgBaGwoNaW5wdXRfbGVuZ3RocxIKCggIBxIECgIIAVoUCgZzY2FsZXMSCgoICAESBAoCCANiHgoGb3V0cHV0EhQKEggBEg4KAggB"
    "CgIIAQoCCAEKAEIECgAQDw=="
)
_LETTERS: Final = "_^$ abcdefghijklmnopqrstuvwxyzæðŋɐɑɒɔəɚɛɜɡɪɹʃʊʌʒθːˈˌ.,?!ɾʔᵻ"  # noqa: RUF001 - phonetic letters


def write_voice(folder: Path, name: str = "en_XX-sine-low") -> Path:
    """Write a voice of Piper's form and return its model's path."""
    model = folder / f"{name}.onnx"
    model.write_bytes(base64.b64decode("".join(_MODEL)))
    config = {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {letter: [at] for at, letter in enumerate(_LETTERS)},
        "num_symbols": len(_LETTERS),
        "num_speakers": 1,
        "speaker_id_map": {},
        "piper_version": "1.0.0",
    }
    model.with_name(model.name + ".json").write_text(json.dumps(config), encoding="utf-8")
    return model


def write_stand_in(folder: Path) -> Path:
    """Write the program that stands in for piper and return its path."""
    program = folder / "piper"
    program.write_text(STAND_IN.replace("{python}", sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return program


class DyingVoice:
    """The port ``Synthesizer``: fails the first ``deaths`` times, after ``pieces`` pieces."""

    def __init__(self, deaths: int, pieces: int = 0) -> None:
        """Die so often."""
        self.deaths, self.pieces, self.asked = deaths, pieces, 0

    @property
    def voice(self) -> str:
        """See the port."""
        return "dying/voice"

    def speak(self, text: str) -> Iterator[Sound]:
        """See the port."""
        self.asked += 1
        dies = self.asked <= self.deaths
        for _ in range(self.pieces if dies else 3):
            yield Sound(text[:1].encode() * 2, 16_000)
        if dies:
            raise EngineFailed("The voice died.")
