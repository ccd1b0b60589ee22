"""Home files: the shapes that are understood, and what is refused with a reason."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput
from earwitness.skills.home.virtual.file import load_home, parse_home

EXAMPLE = Path(__file__).parents[4] / "examples" / "home.yaml"


def test_the_example_has_every_kind_of_thing_in_a_room() -> None:
    home = load_home(EXAMPLE)
    domains = {each.domain for each in home.entities}
    assert {"light", "switch", "cover", "lock", "climate", "fan", "media_player", "vacuum", "valve", "todo"} <= domains
    areas = {each.id for each in home.areas}
    assert {each.area for each in home.entities if each.area} <= areas
    assert home.here in areas


def test_words_that_yaml_takes_for_truth_are_states() -> None:
    home = parse_home(
        "entities:\n- {id: light.a, state: on}\n- {id: light.b, state: off}\n- {id: sensor.c, state: 21.5}"
    )
    assert [each.state for each in home.entities] == ["on", "off", "21.5"]


def test_a_mapping_of_entities_and_areas_by_name_is_understood() -> None:
    home = parse_home("areas: [Kitchen]\nentities:\n  light.lamp: {area: kitchen, state: 'on'}\n  switch.fan: 'off'")
    lamp, fan = home.entities
    assert (lamp.id, lamp.name, lamp.area, lamp.state) == ("light.lamp", "Lamp", "kitchen", "on")
    assert (fan.id, fan.state) == ("switch.fan", "off")


def test_an_entity_takes_name_and_room_from_its_device() -> None:
    home = parse_home(
        "areas: [{name: Den}]\ndevices: [{id: d, name: Den lamp, area: Den}]\nentities: [{id: light.x, device: d}]"
    )
    assert (home.entities[0].name, home.entities[0].area) == ("Den lamp", "den")


def test_devices_listed_under_their_rooms_become_entities() -> None:
    home = parse_home("devices:\n  Kitchen:\n  - {name: Coffee Maker, device_type: smart-plug}\n")
    entity = home.entities[0]
    assert (entity.domain, entity.name, home.areas[0].name) == ("switch", "Coffee Maker", "Kitchen")


def test_states_written_in_and_out_are_what_comes_out() -> None:
    home = parse_home('entities: [{id: binary_sensor.a, state: {in: closed, out: "off"}}]')
    assert home.entities[0].state == "off"


def test_a_list_counts_its_open_items() -> None:
    home = parse_home("entities: [{id: todo.a, attributes: {items: [milk, {summary: tea, status: completed}]}}]")
    assert home.entities[0].state == "1"


@pytest.mark.parametrize(
    "text",
    [
        "- just a list",
        "entities: 5",
        "entities: [5]",
        "entities: [{name: nothing else}]",
        "entities: [{id: light.a}, {id: light.a}]",
        "areas: [{floor: x}]",
        "entities: [{id: light.a, attributes: 3}]",
        "a: [",
        "? !!python/object/apply:os.system ['true']",
    ],
)
def test_what_describes_no_home_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_home(text)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        load_home(tmp_path / "none.yaml")
    (tmp_path / "home.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput):
        load_home(tmp_path / "home.yaml")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["id", "name", "area", "state", "attributes", "aliases", "device", "entities", "type", "floor"])
ROWS = st.lists(st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, max_size=4)


@given(st.dictionaries(st.sampled_from(["areas", "entities", "devices", "floors", "here"]), ROWS | VALUES))
def test_any_yaml_is_a_home_or_bad_input(found: dict[str, object]) -> None:
    text = yaml.safe_dump(json.loads(json.dumps(found)))
    try:
        home = parse_home(text)
    except BadInput:
        return
    assert len({each.id for each in home.entities}) == len(home.entities)
