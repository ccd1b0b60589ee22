"""faster-whisper itself, with weights made here that always write "turn on the light": real ones are not at hand."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.choose import recogniser_spec
from earwitness.speech.asr.engines.whisper import NEEDED, load
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.engines.catalogue import find
from earwitness.speech.engines.folder import EngineFolder

GRAMMAR = WordGraph(({"turn": 1}, {"on": 2, "off": 2}, {"the": 3}, {"light": 4}, {}), 0, frozenset({4}))
SENTENCE = ["Ġturn", "Ġon", "Ġthe", "Ġlight"]
WIDTH, WIDER = 64, 128


def write_weights(folder: Path) -> Path:
    """A model of one layer in which a position alone decides the next token: after the prompt's two, SENTENCE."""
    specs = pytest.importorskip("ctranslate2.specs", reason="faster-whisper is not installed (the extra 'whisper')")
    tokenizers = pytest.importorskip("tokenizers")
    folder.mkdir()
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    times = [f"<|{at * 0.02:.2f}|>" for at in range(1_501)]
    marks = ["endoftext", "startoftranscript", "en", "translate", "transcribe", "startoflm", "startofprev", "nospeech"]
    special = [*(f"<|{mark}|>" for mark in (*marks, "notimestamps")), *times]
    words = [*letters, *SENTENCE, *special]
    merges = [(word[:at], word[at]) for word in SENTENCE for at in range(1, len(word))]
    parts = dict.fromkeys(left + right for left, right in merges)
    words = [*letters, *parts, *special]
    vocabulary = {word: at for at, word in enumerate([*letters, *parts])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=list(dict.fromkeys(merges))))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "tokenizer.json"))
    spec = specs.WhisperSpec(1, 1, 1, 1)
    _fill_encoder(spec.encoder)
    _fill_decoder(spec.decoder, words)
    spec.register_vocabulary(words)
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [words.index("<|en|>")]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    return folder


def _fill_encoder(encoder) -> None:
    draw = np.random.default_rng(0)
    for layer, width in ((encoder.conv1, 80), (encoder.conv2, WIDTH)):
        layer.weight = draw.normal(0, 0.1, (WIDTH, width, 3)).astype(np.float32)
        layer.bias = np.zeros(WIDTH, np.float32)
    encoder.position_encodings.encodings = draw.normal(0, 0.1, (1_500, WIDTH)).astype(np.float32)
    _norm(encoder.layer_norm)
    for layer in encoder.layer:
        _attention(layer.self_attention, (3 * WIDTH, WIDTH))
        _forward(layer.ffn)


def _fill_decoder(decoder, words: list[str]) -> None:
    positions = np.random.default_rng(1).normal(0, 1, (448, WIDTH)).astype(np.float32)
    output = np.zeros((len(words), WIDTH), np.float32)
    for at, word in enumerate([*SENTENCE, "<|endoftext|>"], start=1):
        output[words.index(word)] = positions[at] / 2
    decoder.embeddings.weight = np.zeros((len(words), WIDTH), np.float32)
    decoder.position_encodings.encodings = positions
    decoder.scale_embeddings = False
    _norm(decoder.layer_norm)
    decoder.projection.weight = output
    for layer in decoder.layer:
        _attention(layer.self_attention, (3 * WIDTH, WIDTH))
        _attention(layer.attention, (WIDTH, 2 * WIDTH, WIDTH))
        _look_somewhere(layer.attention)
        _forward(layer.ffn)


def _look_somewhere(attention) -> None:
    """Let each token look at some part of the sound, and see nothing: that is what word times are read from."""
    draw = np.random.default_rng(3)
    attention.linear[0].weight[:] = draw.normal(0, 0.5, (WIDTH, WIDTH))
    attention.linear[1].weight[:WIDTH] = draw.normal(0, 0.5, (WIDTH, WIDTH))


def _attention(attention, widths: tuple[int, ...]) -> None:
    """Attention that adds nothing."""
    _norm(attention.layer_norm)
    for linear, width in zip(attention.linear, widths, strict=True):
        _linear(linear, width, WIDTH)


def _forward(ffn) -> None:
    _norm(ffn.layer_norm)
    _linear(ffn.linear_0, WIDER, WIDTH)
    _linear(ffn.linear_1, WIDTH, WIDER)


def _linear(linear, width: int, depth: int) -> None:
    linear.weight, linear.bias = np.zeros((width, depth), np.float32), np.zeros(width, np.float32)


def _norm(norm) -> None:
    norm.gamma, norm.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_weights(tmp_path_factory.mktemp("whisper") / "weights")


def noise(seconds: float) -> bytes:
    return np.random.default_rng(2).normal(0, 2_000, round(16_000 * seconds)).astype("<i2").tobytes()


def test_it_transcribes_with_times_and_confidence_and_asks_no_network(weights):
    pytest.importorskip("faster_whisper", reason="faster-whisper is not installed (the extra 'whisper')")
    recogniser = load(str(weights))
    recogniser.prepare(GRAMMAR)
    listening = recogniser.listen()
    listening.feed(noise(2))
    listening.settle()
    assert listening.partial().complete
    heard = listening.finish()
    assert heard.best is not None
    assert heard.best.text == heard.free == "turn on the light"
    assert [word.text for word in heard.best.words] == ["turn", "on", "the", "light"]
    assert all(0 <= word.start_ms <= word.end_ms <= 2_000 for word in heard.best.words)
    assert 0.5 < heard.in_grammar <= 1.0


def test_words_without_a_place_in_the_sound_are_still_heard(weights, monkeypatch):
    library = pytest.importorskip("faster_whisper", reason="faster-whisper is not installed (the extra 'whisper')")
    recogniser = load(str(weights))
    recogniser.prepare(GRAMMAR)
    transcribe = library.WhisperModel.transcribe

    def no_times(model: Any, sound: Any, *, word_timestamps: bool, **options: Any) -> Any:  # as the library does then
        return (iter(()), None) if word_timestamps else transcribe(model, sound, **options)

    monkeypatch.setattr(library.WhisperModel, "transcribe", no_times)
    listening = recogniser.listen()
    listening.feed(noise(1))
    heard = listening.finish()
    assert heard.best is not None
    assert heard.best.text == "turn on the light"
    assert heard.best.words == ()


def test_it_works_in_a_process_that_can_write_nothing(weights, tmp_path):
    pytest.importorskip("faster_whisper", reason="faster-whisper is not installed (the extra 'whisper')")
    offer = find("whisper/tiny.en")
    EngineFolder(tmp_path).take(offer, weights, None, lambda name: not name.startswith("."))
    with RecogniserPool(recogniser_spec(offer.name, tmp_path), workers=1) as pool:
        pool.prepare(GRAMMAR)
        listening = pool.listen()
        listening.feed(noise(1))
        assert listening.finish().for_me()


def test_weights_that_are_damaged_are_told_of(weights):
    pytest.importorskip("faster_whisper", reason="faster-whisper is not installed (the extra 'whisper')")
    damaged = weights.parent / "damaged"
    damaged.mkdir()
    for each in weights.iterdir():
        (damaged / each.name).write_bytes(each.read_bytes()[:500])
    with pytest.raises(EngineFailed, match="cannot be read"):
        load(str(damaged))


def test_a_folder_that_lacks_a_file_is_refused_before_the_library_looks_elsewhere(tmp_path):
    for name in NEEDED[:-1]:
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(EngineMissing, match="weights") as missing:
        load(str(tmp_path))
    assert missing.value.next_step.startswith("earwitness engines install")


def test_without_the_package_it_is_named(tmp_path, monkeypatch):
    for name in NEEDED:
        (tmp_path / name).write_bytes(b"{}")
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EngineMissing, match="package faster-whisper"):
        load(str(tmp_path))
