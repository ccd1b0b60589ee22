"""Train a verifier: ``python -m earwitness.speech.verify.training --word alexa --data DIR --out alexa.npz``."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from earwitness.kernel.audio import read_clip
from earwitness.kernel.errors import EarwitnessError
from earwitness.speech.verify.network import Network, save_network
from earwitness.speech.verify.training.confusables import pronunciations
from earwitness.speech.verify.training.disturbing import Samples, from_pcm
from earwitness.speech.verify.training.evaluation import cross_validate, fit_examples
from earwitness.speech.verify.training.examples import Amounts, Example, ExampleMaker, Material, Recording
from earwitness.speech.verify.training.fitting import Fit
from earwitness.speech.verify.training.phrases import PHONES, PHRASES
from earwitness.speech.wake.microwakeword import MicroWakeDetector
from earwitness.speech.wake.models import read_model, shipped_model

SYNTHETIC = "_tts"  # sets that are no person's voice are not learned from


def main() -> int:
    """Make examples, fit on all, write the model, cross-validate."""
    asked = _arguments()
    try:
        examples = _examples(asked)
        if asked.out:
            save_network(asked.out, Network(fit_examples(examples, Fit(epochs=asked.epochs), _tell), asked.threshold))
            _say(f"wrote {asked.out.name}, {asked.out.stat().st_size} bytes")
        if asked.folds:
            figures, _ = cross_validate(examples, asked.folds, Fit(epochs=asked.epochs), _tell)
            for row in figures:
                _say(json.dumps({"threshold": row.threshold, "passed": row.passed, "fired": row.fired}))
    except EarwitnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def material(word: str, data: Path | None, phones: str = "") -> Material:
    """Gather what there is to train ``word`` with; ``data`` has a labels.jsonl (path, set, speaker)."""
    ways = [phones.split()] if phones else [list(way) for way in PHONES.get(word, ())] or pronunciations(word)
    saying_set = f"wake_{word.replace(' ', '_')}"
    kinds: dict[str, list[Recording]] = {"saying": [], "noise": [], "rir": [], "others": []}
    for name, recording in _recordings(data) if data else ():
        first = name.partition("_")[0]
        kinds["saying" if name == saying_set else first if first in kinds else "others"].append(recording)
    return Material(
        word,
        tuple(tuple(way) for way in ways),
        saying=tuple(kinds["saying"]),
        others=(*kinds["others"], *kinds["noise"]),
        noises=_samples(kinds["noise"]),
        rooms=_samples(kinds["rir"]),
        texts=PHRASES.get(word, ()),
    )


def _examples(asked: argparse.Namespace) -> list[Example]:
    model = read_model(asked.model) if asked.model else shipped_model(asked.word)
    detector = MicroWakeDetector((model,), cutoff=None)
    maker = ExampleMaker(material(asked.word, asked.data, asked.phones), detector)
    amounts = Amounts(rendered=asked.rendered, confusable=asked.confusable)
    return list(maker.make(amounts, lambda kind, count: _say(f"{kind}: {count}")))


def _recordings(data: Path) -> Iterator[tuple[str, Recording]]:
    with (data / "labels.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if not row["set"].endswith(SYNTHETIC):
                samples = from_pcm(read_clip(data / row["path"]).pcm)
                yield row["set"], Recording(samples, str(row.get("speaker") or row["path"]))


def _samples(recordings: list[Recording]) -> tuple[Samples, ...]:
    return tuple(recording.samples for recording in recordings)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--word", required=True)
    parser.add_argument("--model", type=Path, help="a microWakeWord JSON file, for a word that is not shipped")
    parser.add_argument("--phones", default="", help="ARPAbet, for a word the dictionary lacks")
    parser.add_argument("--data", type=Path, help="recordings: a folder with labels.jsonl; without, only espeak-ng")
    parser.add_argument("--out", type=Path, help="the .npz to write")
    parser.add_argument("--threshold", type=float, default=0.65)
    parser.add_argument("--folds", type=int, default=0, help="cross-validate by speaker afterwards")
    parser.add_argument("--epochs", type=int, default=Fit().epochs)
    parser.add_argument("--rendered", type=int, default=Amounts().rendered)
    parser.add_argument("--confusable", type=int, default=Amounts().confusable)
    return parser.parse_args()


def _tell(epoch: int, loss: float) -> None:
    _say(f"epoch {epoch}: {loss:.4f}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


sys.exit(main())
