"""How well and how fast sentences are understood, beside hassil and a plain SVM in the same run.

``DATA/text`` holds ``hwu64.jsonl`` (home-assistant sentences with intents, entities and folds) and
``clinc150.jsonl`` (150 intents and sentences outside them). Both measure the learned matcher's *architecture*,
trained on their own sentences: HWU64 by cross-validation over its folds, CLINC150 on its training part. Entities are
counted as the HWU64 authors did (same type, at least one word in common, each once), and exactly besides. Times are
of the whole matcher on sentences that the templates allow, on near misses and on HWU64's, hassil's on the same.
"""

import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import hassil
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from earwitness.bench.plot import bars
from earwitness.kernel.errors import BadInput
from earwitness.understanding.learned.corpus import filled
from earwitness.understanding.learned.fitting import fit_intents
from earwitness.understanding.learned.household import household
from earwitness.understanding.learned.intents import OUT_OF_SCOPE, IntentModel
from earwitness.understanding.learned.training import Example, Material, fit
from earwitness.understanding.loading import matcher
from earwitness.understanding.sampling import draws
from earwitness.understanding.sentences import slot_lists
from earwitness.understanding.wording import plain

TIMED_SENTENCES = 1_110
Progress = Callable[[str], None]
Row = Mapping[str, object]
Span = tuple[str, int, int]


def run_understanding(
    data: Path, progress: Progress = lambda _: None, *, folds: Sequence[int] = ()
) -> dict[str, object]:
    """All figures; ``folds`` limits HWU64 to some of its folds as test parts (all by default).

    Raises:
        BadInput: ``data`` has no ``text`` folder with the two files.
    """
    hwu64, clinc150 = _read(data, "hwu64"), _read(data, "clinc150")
    return {
        "hwu64": run_hwu64(hwu64, progress, folds),
        "clinc150": run_clinc150(clinc150, progress),
        **run_times([str(row["text"]) for row in hwu64], progress),
    }


def _read(data: Path, name: str) -> list[Row]:
    path = data / "text" / f"{name}.jsonl"
    if not path.is_file():
        msg = f"There is no text/{name}.jsonl in the data folder."
        raise BadInput(msg, next_step="Give the folder with the evaluation sentences as --data.")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# HWU64


def run_hwu64(rows: Sequence[Row], progress: Progress, folds: Sequence[int] = ()) -> dict[str, object]:
    """Cross-validation: each fold is tested by a model trained on all the others."""
    examples = [(int(str(row["fold"])), _example(row)) for row in rows]
    counts = _Counts()
    plain_right = 0
    tested = tuple(folds) or tuple(sorted({fold for fold, _ in examples}))
    for fold in tested:
        known = [each for at, each in examples if at != fold]
        unknown = [each for at, each in examples if at == fold]
        model = fit(Material(known))
        for each in unknown:
            intent = model.guess(each.text).ranked[0]
            found = [(slot.slot, slot.start, slot.end) for slot in model.slots(each.text, intent, {})]
            counts.add(each, intent, found)
        baseline = make_pipeline(TfidfVectorizer(), LinearSVC(random_state=0))
        baseline.fit([each.text for each in known], [each.intent for each in known])
        said = baseline.predict([each.text for each in unknown])
        plain_right += sum(guess == each.intent for guess, each in zip(said, unknown, strict=True))
        progress(f"HWU64 fold {fold}: intent {counts.intents_right / counts.sentences:.3f} so far")
    return {**counts.figures(), "plain_svm_intent_f1": round(plain_right / counts.sentences, 4), "folds": len(tested)}


def _example(row: Row) -> Example:
    entities = row.get("entities", ())
    spans = tuple((str(each["entity"]), int(each["start"]), int(each["end"])) for each in entities)  # type: ignore[attr-defined]
    return Example(str(row["text"]), str(row["intent"]), spans)


class _Counts:
    """Right, found and wanted, for intents and entities."""

    def __init__(self) -> None:
        self.sentences = self.intents_right = 0
        self.found = self.wanted = self.touching = self.exact = 0

    def add(self, example: Example, intent: str, found: Sequence[Span]) -> None:
        self.sentences += 1
        self.intents_right += intent == example.intent
        self.found += len(found)
        self.wanted += len(example.slots)
        self.exact += len(set(found) & set(example.slots))
        self.touching += touching(found, example.slots)

    def figures(self) -> dict[str, object]:
        both = self.found + self.wanted
        return {
            "intent_f1": round(self.intents_right / self.sentences, 4),
            "entity_f1": round(2 * self.touching / both, 4),
            "entity_f1_exact": round(2 * self.exact / both, 4),
            "combined_f1": round(2 * (self.touching + self.intents_right) / (both + 2 * self.sentences), 4),
            "sentences": self.sentences,
        }


def touching(found: Sequence[Span], wanted: Sequence[Span]) -> int:
    """How many found spans share a word and the type with a wanted one, each wanted one counting once."""
    left = list(wanted)
    right = 0
    for kind, start, end in found:
        hit = next((each for each in left if each[0] == kind and start < each[2] and each[1] < end), None)
        if hit:
            left.remove(hit)
            right += 1
    return right


# CLINC150


def run_clinc150(rows: Sequence[Row], progress: Progress) -> dict[str, object]:
    """Train with the out-of-scope training sentences; test on ``test`` where it is there, else ``val``."""
    parts: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        parts.setdefault(str(row["part"]), []).append((str(row["text"]), str(row["intent"])))
    tested = "test" if "test" in parts else "val"
    known = parts["train"] + [(text, OUT_OF_SCOPE) for text, _ in parts.get("oos_train", [])]
    model = fit_intents([text for text, _ in known], [intent for _, intent in known])
    progress("CLINC150 trained")
    right = sum(_answer(model, text) == intent for text, intent in parts[tested])
    raw = sum(model.guess(text).ranked[0] == intent for text, intent in parts[tested])
    outside = parts[f"oos_{tested}"]
    refused = sum(_answer(model, text) == OUT_OF_SCOPE for text, _ in outside)
    return {
        "in_scope": round(100 * right / len(parts[tested]), 2),
        "oos_recall": round(100 * refused / len(outside), 2),
        "in_scope_without_refusing": round(100 * raw / len(parts[tested]), 2),
        "part": tested,
    }


def _answer(model: IntentModel, text: str) -> str:
    guess = model.guess(text)
    return OUT_OF_SCOPE if guess.probability < model.calibration.least else guess.ranked[0]


# Times


def run_times(others: Sequence[str], progress: Progress) -> dict[str, object]:
    """Milliseconds a sentence: ours on template sentences, near misses and other people's; hassil's beside it."""
    whole = matcher()
    context = household()
    in_grammar = _sentences(TIMED_SENTENCES)
    rng = random.Random(1)  # noqa: S311 - a sample, not a secret
    beyond = rng.sample(list(others), min(TIMED_SENTENCES, len(others)))
    lists = slot_lists(context)
    intents = [source.intents for source in whole.templates.sentences.sources]

    def by_hassil(text: str) -> None:
        for each in intents:
            if hassil.recognize(plain(text), each, slot_lists=lists, language="en"):
                return

    figures: dict[str, object] = {}
    for name, act, texts in (
        ("", lambda text: whole.understand(text, context), in_grammar),
        ("hassil_", by_hassil, in_grammar),
        ("beyond_", lambda text: whole.understand(text, context), beyond),
        ("hassil_beyond_", by_hassil, beyond),
    ):
        act(texts[0])
        spent = _milliseconds(act, texts)
        figures[f"{name}p50_ms"] = round(statistics.median(spent), 3)
        figures[f"{name}p95_ms"] = round(float(np.percentile(spent, 95)), 3)
        progress(f"times: {name or 'earwitness'} done")
    return figures | {"timed_sentences": len(in_grammar)}


def _sentences(count: int) -> list[str]:
    """Sentences the shipped templates allow, with names of the invented household."""
    rng = random.Random(3)  # noqa: S311 - a sample, not a secret
    intents = matcher().templates.sentences.sources[0].intents
    lists = {**intents.slot_lists, **slot_lists(household())}
    drawn = [filled(each, "", lists, intents.expansion_rules, rng).text for each in draws(intents, 4, rng)]
    rng.shuffle(drawn)
    return list(islice(drawn, count))


def _milliseconds(act: Callable[[str], object], texts: Iterable[str]) -> list[float]:
    spent = []
    for text in texts:
        begin = time.perf_counter()
        act(text)
        spent.append(1_000 * (time.perf_counter() - begin))
    return spent


def draw_understanding(figures: Mapping[str, Any]) -> str:
    """A picture of what is understood, in per cent."""
    home, scope = figures.get("hwu64") or {}, figures.get("clinc150") or {}
    shown = {
        "HWU64 intent": home.get("intent_f1", 0.0),
        "entity": home.get("entity_f1", 0.0),
        "combined": home.get("combined_f1", 0.0),
        "CLINC150 in scope": scope.get("in_scope", 0.0),
        "out of scope": scope.get("oos_recall", 0.0),
    }
    percent = {name: round(value if value > 1 else 100 * value, 1) for name, value in shown.items()}
    return bars("Understanding text", "%", percent)
