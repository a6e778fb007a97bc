"""The drawing in the docs is that of the numbers that were measured last."""

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

from bench.growth_drawing import HEIGHT, WIDTH, drawing
from conftest import ROOT

DATA, DRAWING = ROOT / "docs" / "growth.json", ROOT / "docs" / "growth.svg"
SVG = "{http://www.w3.org/2000/svg}"


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DATA.read_text())["rows"]
    return found


def test_drawing_is_that_of_the_recorded_numbers() -> None:
    assert DRAWING.read_text() == drawing(rows()), "make growth ARGS=--draw"


def test_every_number_is_a_point_inside_the_drawing() -> None:
    points = list(ElementTree.fromstring(drawing(rows())).iter(f"{SVG}circle"))
    series = list(dict.fromkeys(row["series"] for row in rows()))
    assert len(points) == sum(len(row["seconds"]) for row in rows()) + len(series)  # and one in the legend
    assert all(0 < float(each.attrib["cx"]) < WIDTH and 0 < float(each.attrib["cy"]) < HEIGHT for each in points)


def test_what_takes_twice_as_long_at_twice_the_size_is_as_steep_as_the_guide() -> None:
    made = drawing([{"panel": "p", "series": "s", "seconds": {"100": 0.5, "200": 1.0, "400": 2.0}}])
    lines = [each.attrib["points"].split() for each in ElementTree.fromstring(made).iter(f"{SVG}polyline")]
    guide, line = lines
    assert guide == [line[0], line[-1]]
