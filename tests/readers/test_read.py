"""The doors of the readers: formats by content, files, XML safety."""

import json
from pathlib import Path
from random import Random

import pytest

from fluxion_py.errors import GraphError
from fluxion_py.readers import FORMATS, ReadError, read_file, read_text
from fluxion_py.readers.detect import detect_format
from fluxion_py.readers.xml_text import parse_xml
from tests.machines import RESOURCES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("elk.yaml", "recipe"),
        ("mini.json", "jgf"),
        ("r-four-nodes.json", "rv1exec"),
        ("pine.graphml", "grug"),
        ("workstation.xml", "hwloc"),
    ],
)
def test_format_is_seen_from_the_content(name: str, expected: str, tmp_path: Path) -> None:
    text = (RESOURCES / name).read_text()
    assert detect_format(text) == expected
    assert detect_format("\ufeff\n  " + text) == expected
    misnamed = tmp_path / "machine.txt"
    misnamed.write_text(text)
    assert read_file(misnamed).counts() == read_file(RESOURCES / name).counts()


def test_r_with_a_scheduling_key_is_r_and_not_jgf() -> None:
    graph: dict[str, object] = {"graph": {"nodes": [], "edges": []}}
    text = json.dumps({"version": 1, "scheduling": graph, "execution": {"R_lite": []}})
    assert detect_format(text) == "rv1exec"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty"),
        ("hello", "cannot tell the format"),
        ("{}", 'neither R \\(no "R_lite"\\) nor JGF'),
        ("<html/>", "root element <html>, neither GraphML nor hwloc"),
        ("<", "XML without an element"),
    ],
)
def test_text_of_no_format_is_refused(text: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_text(text, source="x")


def test_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(ReadError, match="unknown format 'xml'") as caught:
        read_text("", "xml")
    assert all(name in str(caught.value.hint) for name in FORMATS)


def test_unreadable_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReadError, match="cannot be read: No such file"):
        read_file(tmp_path / "none")
    with pytest.raises(ReadError, match="cannot be read: Is a directory"):
        read_file(tmp_path)
    latin = tmp_path / "latin"
    latin.write_bytes(b"version: 1\ncluster: \xe9lk\n")
    with pytest.raises(ReadError, match="is not UTF-8 text") as caught:
        read_file(latin)
    assert caught.value.line == 2
    monkeypatch.setattr("fluxion_py.readers.MAX_BYTES", 10)
    with pytest.raises(ReadError, match="is larger than 10 bytes"):
        read_file(latin)


def test_reading_fills_only_an_empty_graph() -> None:
    flat = read_file(RESOURCES / "mini.json")
    with pytest.raises(ValueError, match="fills an empty graph"):
        read_text("version: 1", into=flat)


def test_entities_are_refused_and_nothing_is_fetched() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>\n<a>&c;</a>'
    with pytest.raises(ReadError, match="entity declarations are not accepted"):
        parse_xml(bomb, None)
    outside = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>\n<a>&b;</a>'
    with pytest.raises(ReadError, match="entity declarations are not accepted"):
        parse_xml(outside, None)
    assert parse_xml('<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>', None).tag == "a"


def test_deep_and_large_xml_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReadError, match="nested deeper than 100"):
        parse_xml("<a>" * 101, None)
    monkeypatch.setattr("fluxion_py.readers.xml_text.MAX_ELEMENTS", 3)
    with pytest.raises(ReadError, match="more than 3 elements"):
        parse_xml("<a><b/><b/><b/></a>", None)


def test_xml_element_knows_its_place() -> None:
    root = parse_xml('<x:a xmlns:x="y">\n  <b c="d">text</b></x:a>', None)
    inner = root.children[0]
    assert (root.tag, inner.tag, inner.attributes, inner.text) == ("a", "b", {"c": "d"}, "text")
    assert (inner.line, inner.column) == (2, 3)


@pytest.mark.parametrize("kind", FORMATS)
def test_text_that_no_file_can_hold_is_refused(kind: str) -> None:
    with pytest.raises(ReadError, match="half of a surrogate pair") as caught:
        read_text("\n{\ud800", kind)
    assert caught.value.line == 2


def test_damaged_gallery_texts_never_raise_anything_but_a_graph_error() -> None:
    """Small random damage, the same on every run: either it loads, or one line says why not."""
    random = Random(7)
    pieces = ["0", "-1", "9" * 400, "null", '"x"', "{", "]", ",", ":", "<", "&", "*", "\n  ", "\0"]
    texts = [path.read_text() for path in RESOURCES.rglob("*.*") if path.stat().st_size < 4000]
    messages = []
    for _ in range(1500):
        text = random.choice(texts)
        start = random.randrange(len(text) + 1)
        end = start + random.choice([0, 1, 3, 20])
        text = text[:start] + random.choice(pieces) + text[end:]
        try:
            read_text(text, source="damaged")
        except GraphError as error:
            messages.append(str(error))
    assert len(messages) > 500
    assert not any("\n" in message for message in messages)
