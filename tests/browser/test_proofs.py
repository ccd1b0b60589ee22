"""The browser's own verification against trees and proofs that the ledger made: right ones hold, wrong ones do not."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page

from earwitness.ledger.merkle import CompactRange, leaf_hash
from earwitness.ledger.merkle_proofs import consistency_proof, inclusion_proof
from earwitness.testing.browsing import RunningHub

LARGEST = 34
LOAD = "const {verifyInclusion, verifyConsistency, fromBase64, leafHash} = await import('/assets/proof.js');"
INCLUSION = (
    "async (cases) => {"
    + LOAD
    + """ const out = [];
    for (const [index, size, leaf, proof, root] of cases) {
      const hash = await leafHash(fromBase64(leaf));
      out.push(await verifyInclusion(index, size, hash, proof.map(fromBase64), fromBase64(root))
        .then(() => 'holds', (error) => error.constructor.name));
    }
    return out; }"""
)
CONSISTENCY = (
    "async (cases) => {"
    + LOAD
    + """ const out = [];
    for (const [old, size, proof, before, now] of cases) {
      out.push(await verifyConsistency(old, size, proof.map(fromBase64), fromBase64(before), fromBase64(now))
        .then(() => 'holds', (error) => error.constructor.name));
    }
    return out; }"""
)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


LEAVES = [bytes([number]) * 32 for number in range(LARGEST)]


def root(size: int) -> bytes:
    tree = CompactRange()
    for leaf in LEAVES[:size]:
        tree.append(leaf_hash(leaf))
    return tree.root()


def node(level: int, index: int) -> bytes:
    """A node of the tree over all leaves; whole ones alone are asked for."""
    tree = CompactRange()
    for leaf in LEAVES[index << level : (index + 1) << level]:
        tree.append(leaf_hash(leaf))
    return tree.root()


@pytest.fixture
def proving(page: Page, hub: RunningHub) -> Page:
    page.goto(f"{hub.url}/account")
    return page


def run(page: Page, script: str, cases: Sequence[Sequence[Any]]) -> set[str]:
    return set(page.evaluate(script, cases))


def test_every_leaf_of_every_small_tree_is_proved(proving: Page) -> None:
    cases = [
        [
            index,
            size,
            text(LEAVES[index]),
            [text(each) for each in inclusion_proof(index, size, node)],
            text(root(size)),
        ]
        for size in range(1, LARGEST + 1)
        for index in range(size)
    ]
    assert run(proving, INCLUSION, cases) == {"holds"}
    beside = [
        [index, size, leaf, proof, text(root(size + 1))] for index, size, leaf, proof, _ in cases if size < LARGEST
    ]
    assert run(proving, INCLUSION, beside) == {"NotProved"}
    moved = [[(index + 1) % size, size, leaf, proof, end] for index, size, leaf, proof, end in cases if size > 1]
    assert run(proving, INCLUSION, moved) == {"NotProved"}
    shorter = [[index, size, leaf, proof[:-1], end] for index, size, leaf, proof, end in cases if proof]
    assert run(proving, INCLUSION, shorter) == {"NotProved"}
    longer = [[index, size, leaf, [*proof, text(bytes(32))], end] for index, size, leaf, proof, end in cases]
    assert run(proving, INCLUSION, longer) == {"NotProved"}


def test_every_small_tree_is_proved_to_be_the_beginning_of_a_larger_one(proving: Page) -> None:
    cases = [
        [old, size, [text(each) for each in consistency_proof(old, size, node)], text(root(old)), text(root(size))]
        for size in range(1, LARGEST + 1)
        for old in range(1, size + 1)
    ]
    assert run(proving, CONSISTENCY, cases) == {"holds"}
    rewritten = [[old, size, proof, text(bytes(32)), now] for old, size, proof, _, now in cases]
    assert run(proving, CONSISTENCY, rewritten) == {"NotProved"}
    other = [[old, size, proof, before, text(bytes(32))] for old, size, proof, before, _ in cases]
    assert run(proving, CONSISTENCY, other) == {"NotProved"}
    shorter = [[old, size, proof[:-1], before, now] for old, size, proof, before, now in cases if proof]
    assert run(proving, CONSISTENCY, shorter) == {"NotProved"}
    back = [[size, old, proof, now, before] for old, size, proof, before, now in cases if old < size]
    assert run(proving, CONSISTENCY, back) == {"NotProved"}
