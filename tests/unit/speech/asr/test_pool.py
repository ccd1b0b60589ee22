"""A pool whose processes die, hang, break and are forgotten: the others go on."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput, EngineBusy, EngineFailed, EngineMissing
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr import wire
from earwitness.speech.asr.pool import Patience, RecogniserPool
from earwitness.speech.asr.port import Hypothesis, Partial, Recognition, Word
from earwitness.speech.asr.process import HANDED_DOWN, OFFLINE, EngineSpec
from earwitness.speech.asr.wire import Kind
from earwitness.testing.recognising import BREAKS, DIES, HANGS, MISSING, SPELLED, STILLBORN, WRITES, calling, spell

LIGHTS = WordGraph(({"light": 1}, {"on": 2, "off": 2}, {}), 0, frozenset({2}))
COFFEE = WordGraph(({"coffee": 1}, {}), 0, frozenset({1}))
ODD = WordGraph(({"xyzzy": 1}, {}), 0, frozenset({1}))
PATIENCE = Patience(answer=2.0, place=20.0, again=(0.0, 0.0))  # two seconds: the machine may be busy


@pytest.fixture
def pool() -> Iterator[RecogniserPool]:
    with RecogniserPool(SPELLED, workers=2, patience=PATIENCE) as made:
        made.prepare(LIGHTS)
        yield made


def hear(pool: RecogniserPool, text: str = "light on", grammar: WordGraph | None = None) -> str:
    listening = pool.listen(grammar)
    listening.feed(spell(text))
    best = listening.finish().best
    return best.text if best else ""


@pytest.mark.parametrize("word", [DIES, HANGS, BREAKS, WRITES])
def test_what_goes_wrong_in_one_utterance_fails_it_alone(pool: RecogniserPool, word: str) -> None:
    good, bad = pool.listen(), pool.listen()
    good.feed(spell("light "))
    bad.feed(spell("secret"))
    bad.feed(spell(" " + word))
    with pytest.raises(EngineFailed) as failure:
        bad.finish()
    assert "secret" not in str(failure.value)
    assert failure.value.next_step
    with pytest.raises(BadInput):
        bad.partial()
    good.feed(spell("off"))
    best = good.finish().best
    assert best is not None
    assert best.text == "light off"
    assert [hear(pool), hear(pool)] == ["light on"] * 2


def test_a_process_that_died_is_replaced_and_has_the_sentences(pool: RecogniserPool) -> None:
    before = pool.processes()
    had = {place.digest for place in pool._places}
    _kill(before)
    with pool._changed:
        assert pool._changed.wait_for(lambda: not set(before) & set(_loaded(pool)) and len(_loaded(pool)) == 2, 20)
        assert {place.digest for place in pool._places} == had  # taken while nobody waits for it
    first, second = pool.listen(), pool.listen()
    for each in (first, second):
        each.feed(spell("light on"))
        assert each.finish().for_me()
    assert pool.health().restarts == 2
    assert not set(before) & set(pool.processes())


def test_a_process_that_died_while_hearing_is_told_of_and_the_utterance_is_over(pool: RecogniserPool) -> None:
    before = pool.processes()
    listening = pool.listen()
    _kill(before)
    with pytest.raises(EngineFailed, match="being restarted"):
        listening.partial()
    with pytest.raises(BadInput, match="ended"):
        listening.feed(spell("light on"))
    assert hear(pool) == "light on"


def test_when_all_are_in_use_the_next_is_told_so_at_once(pool: RecogniserPool) -> None:
    busy = [pool.listen(), pool.listen()]
    with pytest.raises(EngineBusy) as told:
        pool.listen()
    assert told.value.next_step
    assert pool.health().busy == 2
    busy[0].cancel()
    busy[0].cancel()
    assert hear(pool) == "light on"
    busy.pop()  # dropped and never ended: its process comes back
    assert hear(pool) == "light on"
    assert pool.health().busy == 0


def test_an_utterance_that_nobody_ends_loses_its_process() -> None:
    now = [0.0]
    with RecogniserPool(SPELLED, workers=1, patience=PATIENCE, monotonic=lambda: now[0]) as pool:
        pool.prepare(LIGHTS)
        forgotten = pool.listen()
        now[0] += PATIENCE.held + 1
        assert hear(pool) == "light on"
        with pytest.raises(EngineFailed):
            forgotten.finish()


def _loaded(pool: RecogniserPool) -> list[int]:
    return [place.process.pid for place in pool._places if place.process]


def _kill(pids: Sequence[int]) -> None:
    waiting = [os.pidfd_open(pid) for pid in pids]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert all(map(_ends, waiting))


def _ends(pidfd: int) -> bool:
    """Whether the process ends; a pidfd is readable when it has."""
    ready, _, _ = select.select([pidfd], [], [], 10)
    os.close(pidfd)
    return bool(ready)


def test_each_utterance_may_have_sentences_of_its_own(pool: RecogniserPool) -> None:
    both = pool.listen(COFFEE), pool.listen()
    both[0].feed(spell("coffee"))
    both[1].feed(spell("light on"))
    assert [each.finish().for_me() for each in both] == [True, True]
    assert hear(pool, "coffee") == ""
    assert hear(pool, "coffee", COFFEE) == "coffee"


def test_sentences_that_cannot_be_pronounced_leave_the_old_ones() -> None:
    spec = EngineSpec("odd", SPELLED.maker, {"unpronounceable": ["xyzzy"]})
    with RecogniserPool(spec, workers=1) as pool:
        pool.prepare(LIGHTS)
        with pytest.raises(EngineMissing, match="pronunciation"):
            pool.prepare(ODD)
        assert hear(pool) == "light on"
        with pytest.raises(EngineMissing, match="pronunciation"):
            hear(pool, "xyzzy", ODD)
        assert hear(pool) == "light on"


def test_an_engine_that_is_not_installed_is_said_at_the_start() -> None:
    pool = RecogniserPool(MISSING)
    with pytest.raises(EngineMissing, match="not installed"):
        pool.start()
    assert pool.processes() == ()
    with pytest.raises(EngineFailed, match="closed"):
        pool.listen(LIGHTS)


def test_an_engine_that_never_starts_fails_the_utterance() -> None:
    pool = RecogniserPool(STILLBORN, workers=1, patience=Patience(place=0.2, again=(0.0, 0.01)))
    pool.start(wait=False)
    with pytest.raises(EngineFailed):
        pool.listen(LIGHTS)
    pool.close()


def test_closing_fails_what_is_under_way_and_leaves_no_process(pool: RecogniserPool) -> None:
    listening, processes = pool.listen(), pool.processes()
    pool.close()
    with pytest.raises(EngineFailed):
        listening.finish()
    assert pool.health().loaded == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)


def test_a_process_knows_no_secret_and_can_write_no_file(pool: RecogniserPool) -> None:
    for pid in pool.processes():
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode()
        names = {line.partition("=")[0] for line in environment.split("\0") if line}
        assert names <= {
            *HANDED_DOWN,
            *OFFLINE,
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
        }
        limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
        assert "Max file size             0                    0" in limits
        assert "Max core file size        0                    0" in limits
        open_files = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
        assert all(name.startswith("socket:") or name == os.devnull for name in open_files)


def test_a_process_has_no_network_unless_its_engine_is_elsewhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        maker, port = f"{calling.__module__}:{calling.__name__}", {"port": server.getsockname()[1]}
        with RecogniserPool(EngineSpec("elsewhere", maker, port, network=True), workers=1) as pool:
            assert pool.health().offline == 0
        pool = RecogniserPool(EngineSpec("here", maker, port), workers=1)
        if not _may_give_up_network():
            pytest.skip("this system does not let a process give up its network")
        with pytest.raises(EngineMissing, match="no network"):
            pool.start()
    with RecogniserPool(SPELLED, workers=2) as quiet:
        assert quiet.health().offline == 2


def _may_give_up_network() -> bool:
    question = "from earwitness.speech.asr.worker import give_up_network as g; raise SystemExit(not g())"
    return subprocess.run([sys.executable, "-c", question], check=False).returncode == 0


ORPHAN = """
import sys, threading
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.testing.recognising import SPELLED
pool = RecogniserPool(SPELLED, workers=2)
pool.start()
print(*pool.processes(), flush=True)
threading.Event().wait()
"""


def test_processes_end_with_a_hub_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout
        pids = [int(each) for each in hub.stdout.readline().split()]
        waiting = [os.pidfd_open(pid) for pid in pids]
        hub.kill()
    assert all(map(_ends, waiting))


def test_control_c_at_the_terminal_leaves_the_processes_alone(pool: RecogniserPool) -> None:
    for pid in pool.processes():
        assert os.getpgid(pid) != os.getpgrp()
        os.kill(pid, signal.SIGINT)
    assert hear(pool) == "light on"
    assert pool.health().restarts == 0


def test_many_threads_share_the_processes() -> None:
    heard: list[str] = []
    with RecogniserPool(SPELLED, workers=3) as pool:
        pool.prepare(LIGHTS)
        free = threading.Semaphore(3)

        def turn(number: int) -> None:
            for at in range(20):
                text, grammar = (("coffee", COFFEE), ("light off", LIGHTS))[(number + at) % 2]
                with free:
                    heard.append(hear(pool, text, grammar))

        threads = [threading.Thread(target=turn, args=(each,)) for each in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert pool.health().restarts == 0
    assert sorted(heard) == ["coffee"] * 60 + ["light off"] * 60


texts = st.text(max_size=20)
chances = st.floats(0, 1)
words = st.builds(Word, texts, st.integers(0, 30_000), st.integers(0, 30_000), chances)
hypotheses = st.builds(Hypothesis, texts, st.lists(words, max_size=3).map(tuple), chances)


@given(st.builds(Recognition, st.lists(hypotheses, max_size=3).map(tuple), chances, st.integers(0, 30_000), texts))
def test_a_recognition_survives_the_wire(heard: Recognition) -> None:
    assert wire.unpack_recognition(wire.pack_recognition(heard)) == heard


@given(texts, st.booleans(), st.booleans())
def test_a_partial_result_survives_the_wire(text: str, complete: bool, more: bool) -> None:  # noqa: FBT001 - drawn
    partial = Partial(text, complete, more)
    assert wire.unpack_partial(wire.pack_partial(partial)) == partial


def test_a_grammar_survives_the_wire_and_equal_ones_have_one_digest() -> None:
    digest, body = wire.pack_grammar(LIGHTS)
    assert wire.unpack_grammar(body) == LIGHTS
    assert digest == wire.pack_grammar(wire.unpack_grammar(body))[0] != wire.pack_grammar(COFFEE)[0]
    weighed = LIGHTS.weighed(lambda _before, may: dict.fromkeys(may, 1.0))
    assert wire.unpack_grammar(wire.pack_grammar(weighed)[1]) == weighed
    assert {each.name for each in fields(WordGraph)} == set(wire.from_json(body))  # a new field has to travel too


@given(st.binary(max_size=40))
def test_nonsense_from_a_process_is_an_error_of_the_tree(body: bytes) -> None:
    for unpack in (wire.unpack_recognition, wire.unpack_partial):
        with suppress(EngineFailed):
            unpack(body)
    assert wire.unpack_error(body).what


@pytest.mark.parametrize("frame", [b"\x63\0\0\0\0", b"\x10\xff\xff\xff\xff", b"\x10\x04\0\0\0ab", b"\x10", b""])
def test_frames_of_no_kind_of_no_end_and_of_no_length_are_refused(frame: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(frame)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(EngineFailed):
            wire.receive(ours)


def test_a_frame_survives_the_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send(ours, Kind.FEED, b"sound")
        assert wire.receive(theirs) == (Kind.FEED, b"sound")
