import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from earwitness.bench.plot import HEIGHT, LINE_GAP, WIDTH, Line, bars, lines, write_plot

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - our own picture


def corners(picture: str) -> list[list[tuple[float, float]]]:
    found = parsed(picture).findall(f"{SVG}polyline")
    return [[tuple(map(float, at.split(","))) for at in line.attrib["points"].split()] for line in found]  # type: ignore[misc]


def test_lines_rise_with_their_values_and_stay_within_the_picture():
    picture = lines("A", ("dB", "share"), [Line("us", [(6, 0.2), (24, 0.9)], ours=True)], most=1.0)
    ((left, right),) = corners(picture)
    assert 0 < left[0] < right[0] < WIDTH
    assert HEIGHT > left[1] > right[1] > 0


def test_a_falling_axis_has_the_largest_first():
    picture = lines("A", ("dB", "share"), [Line("us", [(6, 0.2), (24, 0.9)])], most=1.0, falling=True)
    ((left, right),) = corners(picture)
    assert left[0] < right[0]
    assert left[1] < right[1]  # the value at 24 is the higher one


def test_labels_of_lines_that_end_together_do_not_cover_each_other():
    drawn = [Line(name, [(0, 0.5), (1, 0.8)]) for name in ("one", "two", "three")]
    texts = parsed(lines("A", ("x", "y"), drawn)).findall(f"{SVG}text")
    heights = sorted(float(each.attrib["y"]) for each in texts if each.text in {"one", "two", "three"})
    assert all(lower - upper >= LINE_GAP - 0.2 for upper, lower in pairwise(heights))


def test_what_is_written_on_it_cannot_be_markup():
    picture = bars("<script>", "s", {"<b>": 1.0}, limit=("&", 2.0))
    assert "<script>" not in picture
    assert {"<script>", "<b>", "&"} <= {each.text for each in parsed(picture).iter(f"{SVG}text")}


@pytest.mark.parametrize("value", [0.0, 0.03, 0.97, 1.0, 7.0, 399.0, 12_345.0])
def test_bars_are_as_high_as_their_values(value: float):
    picture = parsed(bars("A", "ms", {"half": value / 2, "whole": value}))
    half, whole = (float(each.attrib["height"]) for each in picture.findall(f"{SVG}rect") if "x" in each.attrib)
    assert whole == pytest.approx(2 * half, abs=0.2)
    assert whole <= HEIGHT


def test_nothing_measured_is_a_picture_too(tmp_path):
    write_plot(tmp_path / "none.svg", lines("A", ("x", "y"), []))
    assert parsed((tmp_path / "none.svg").read_text()).tag == f"{SVG}svg"
