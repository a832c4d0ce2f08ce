"""The picture of the growth curves stands alone and shows every point."""

from xml.etree import ElementTree

from benches.chart import FLAT, axis, growth_chart

SVG = "{http://www.w3.org/2000/svg}"
CURVES = {
    "core1-first": [(125, 2e-5), (1_000, 2e-5), (100_000, 3e-5)],
    "core1-first-flat": [(1_000, 4e-5), (100_000, 4e-4)],
    "nodex1-low & high": [(125, 1e-7)],
}


def test_every_curve_has_its_points_and_a_line_in_the_legend() -> None:
    picture = ElementTree.fromstring(growth_chart(CURVES))
    lines = picture.findall(f"{SVG}polyline")
    assert [len((line.get("points") or "").split()) for line in lines] == [3, 2, 1]
    marks = picture.findall(f"{SVG}circle")
    assert len(marks) == 3 + 2 + 1 + len(CURVES)
    texts = [text.text for text in picture.findall(f"{SVG}text")]
    assert set(CURVES) <= set(texts)


def test_all_points_lie_within_the_axes() -> None:
    picture = ElementTree.fromstring(growth_chart(CURVES))
    width, height = float(picture.get("width", 0)), float(picture.get("height", 0))
    for mark in picture.findall(f"{SVG}circle"):
        assert 0 < float(mark.get("cx", -1)) < width
        assert 0 < float(mark.get("cy", -1)) < height


def test_a_tenfold_is_the_same_way_anywhere_on_an_axis() -> None:
    found = axis([125, 100_000], 0, 300)
    assert (found.low, found.high) == (2, 5)
    assert [found.pixel(10**n) for n in range(2, 6)] == [0, 100, 200, 300]


def test_a_machine_without_racks_has_the_colour_of_the_one_with_them() -> None:
    picture = ElementTree.fromstring(growth_chart(CURVES))
    racks, flat, other = picture.findall(f"{SVG}polyline")
    assert racks.get("stroke") == flat.get("stroke") != other.get("stroke")
    assert FLAT == "-flat"
    assert flat.get("stroke-dasharray")
    assert not racks.get("stroke-dasharray")
