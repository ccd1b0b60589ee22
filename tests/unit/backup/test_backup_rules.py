"""No table that can be buried is without a rule that ends its rows after a restore."""

from earwitness.backup.replay import RULES, tables_with_tombstones
from earwitness.storage.schema import metadata


def test_every_table_with_a_tombstone_has_a_rule_and_every_rule_a_table() -> None:
    tables = {table.name for table in metadata.sorted_tables if "tombstone" in table.columns}
    assert tables == {table.name for table in tables_with_tombstones()} == set(RULES)
    assert len(tables) >= 8
