"""The registry: nothing can exist because of a recording, or about a person, that nobody erases."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Column, Connection, MetaData, String, Table

from earwitness.kernel.errors import BadInput
from earwitness.learning.kinds import register_learning
from earwitness.review.kinds import register_review
from earwitness.skills.holdings import register_skills
from earwitness.storage.schema import metadata
from earwitness.testing.clock import VirtualClock
from earwitness.vault.artefacts import ArtefactKind, ArtefactRegistry, SubjectHolding
from earwitness.vault.kinds import DEIDENTIFIED, register_ground_floor
from earwitness.web.sign_in.kinds import register_accounts

OWNERS = {"recording_id", "subject_id", "person_id"}


def erase_nothing(tx: Connection, ids: Sequence[str]) -> int:  # noqa: ARG001 - the signature of an eraser
    return 0


@pytest.fixture
def registry() -> ArtefactRegistry:
    made = ArtefactRegistry()
    register_ground_floor(made)
    register_skills(made)
    register_learning(made, VirtualClock())
    register_review(made)
    register_accounts(made)
    return made


def unclaimed(tables: MetaData, registry: ArtefactRegistry) -> set[str]:
    """Tables about a recording or a person for which no kind and no holding answers."""
    about = {name for name, table in tables.tables.items() if OWNERS & {column.name for column in table.columns}}
    return about - registry.claimed_tables()


def test_every_table_about_a_recording_or_a_person_is_claimed(registry: ArtefactRegistry) -> None:
    assert unclaimed(metadata, registry) == set()


@pytest.mark.parametrize("column", sorted(OWNERS))
def test_a_table_that_nobody_claims_is_found(registry: ArtefactRegistry, column: str) -> None:
    copied = MetaData()
    for table in metadata.tables.values():
        table.to_metadata(copied)
    Table("forgotten", copied, Column("id", String), Column(column, String))
    assert unclaimed(copied, registry) == {"forgotten"}


def test_a_claim_names_tables_that_exist(registry: ArtefactRegistry) -> None:
    assert registry.claimed_tables() <= set(metadata.tables)


def test_only_the_deidentified_copy_survives_the_identity_limit(registry: ArtefactRegistry) -> None:
    assert [kind.name for kind in registry if kind.survives_identity_limit] == [DEIDENTIFIED]


def test_everything_says_in_words_what_it_holds(registry: ArtefactRegistry) -> None:
    assert all(len(each.holds) > 10 for each in (*registry, *registry.holdings))


@pytest.mark.parametrize("make", [ArtefactKind, SubjectHolding])
def test_a_kind_without_an_eraser_cannot_be_registered(
    registry: ArtefactRegistry, make: type[ArtefactKind] | type[SubjectHolding]
) -> None:
    with pytest.raises(BadInput, match="has no eraser"):
        registry.register(make("embedding", "what was learned", None))  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [ArtefactKind, SubjectHolding])
@pytest.mark.parametrize("name", ["audio", "contacts"])
def test_a_name_is_taken_once(
    registry: ArtefactRegistry, make: type[ArtefactKind] | type[SubjectHolding], name: str
) -> None:
    with pytest.raises(BadInput, match="registered twice"):
        registry.register(make(name, "something else", erase_nothing))


def test_a_kind_that_nobody_registered_is_unknown(registry: ArtefactRegistry) -> None:
    with pytest.raises(BadInput, match="not a registered artefact kind"):
        registry["embedding"]
    registry.register(ArtefactKind("embedding", "what was learned", erase_nothing, frozenset({"artefact"})))
    assert registry["embedding"].eraser is erase_nothing
    assert [kind.name for kind in registry][-1] == "embedding"
