import json
from pathlib import Path
from typing import Any

import pytest

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.model import Count, Jobspec
from fluxion_py.jobspec.parser import parse, parse_object


def document(**changes: object) -> dict[str, Any]:
    slot = {"type": "slot", "count": 2, "label": "s", "with": [{"type": "core", "count": 1}]}
    return {
        "version": 1,
        "resources": [slot],
        "tasks": [{"command": ["app"], "slot": "s", "count": {"per_slot": 1}}],
        "attributes": {"system": {"duration": 60}},
    } | changes


def core(count: object, **keys: object) -> dict[str, Any]:
    return document(resources=[{"type": "core", "count": count, **keys}], tasks=[])


def refusal(text: str | bytes) -> JobspecError:
    with pytest.raises(JobspecError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (4, Count(4, 4)),
        ("4", Count(4, 4)),
        ("2,4,8", Count(2, 8, choices=(2, 4, 8))),
        ("3-30", Count(3, 30)),
        ("[3-30]", Count(3, 30)),
        ("2-16:2:*", Count(2, 16, "*", 2)),
        ("2-16:2", Count(2, 16, "+", 2)),
        ("3+", Count(3, 2**32 - 1)),
        ("2+:2:^", Count(2, 2**32 - 1, "^", 2)),
        ({"min": 3}, Count(3, 2**32 - 1)),
        ({"min": 1, "max": 8, "operator": "*", "operand": 2}, Count(1, 8, "*", 2)),
    ],
)
def test_counts_are_numbers_texts_and_mappings(value: object, count: Count) -> None:
    assert parse_object(core(value)).resources[0].count == count


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "",
        "[]",
        "0-3",
        "0",
        "4-2",
        "2-8:1:*",
        "1-8:2:^",
        "01",
        "1-",
        "+",
        "1-2-3",
        "4611686018427387905",
    ],
)
def test_count_texts_that_cannot_be_are_refused(value: str) -> None:
    with pytest.raises(JobspecError, match=r"resources\[0\].count"):
        parse_object(core(value))


def test_an_idset_count_takes_the_largest_that_fits() -> None:
    count = parse_object(core("2,4,8")).resources[0].count
    assert [count.resolve(free) for free in (1, 2, 7, 8, 99)] == [0, 2, 4, 8, 8]


@pytest.mark.parametrize(
    ("given", "seconds"), [(3600, 3600), (3600.5, 3600.5), ("1h", 3600), (0, 0)]
)
def test_durations_are_seconds_or_texts(given: object, seconds: float) -> None:
    attributes = {"system": {"duration": given}}
    jobspec = parse_object(document(attributes=attributes))
    assert jobspec.duration == seconds
    assert jobspec.attributes == attributes


def test_attributes_are_kept_verbatim() -> None:
    attributes = {"user": {"foo": [1, {"a": None}]}, "system": {"dw": "x", "queue": "batch"}}
    jobspec = parse(json.dumps(document(attributes=attributes)))
    assert jobspec.attributes == attributes
    assert jobspec.queue == "batch"
    assert jobspec.to_dict()["attributes"] == attributes


@pytest.mark.parametrize("given", [-1, float("nan"), float("inf"), 2**70, "soon", "-2", [1], True])
def test_impossible_durations_are_refused(given: object) -> None:
    with pytest.raises(JobspecError, match=r"attributes.system.duration"):
        parse_object(document(attributes={"system": {"duration": given}}))


@pytest.mark.parametrize("attributes", [None, {}, {"system": None}])
def test_empty_attributes_mean_no_limit(attributes: object) -> None:
    assert parse_object(document(attributes=attributes)).duration == 0


def test_yaml_and_json_give_equal_jobspecs() -> None:
    yaml = """
version: 1
resources:
- {type: slot, count: 2, label: s, with: [{type: core, count: 1}]}
tasks:
- {command: [app], slot: s, count: {per_slot: 1}}
attributes: {system: {duration: 60}}
"""
    assert parse(yaml) == parse(json.dumps(document())) == parse_object(document())


def test_words_are_kept_as_they_are_written() -> None:
    text = json.dumps(document()).replace('["app"]', "[run, 007, 1.50, yes, 'a b']")
    assert parse(text).tasks[0].command == ("run", "007", "1.50", "yes", "a b")


def test_exclusive_has_three_states() -> None:
    states = [parse_object(core(1, **keys)).resources[0].exclusive for keys in EXCLUSIVE]
    assert states == [None, True, False]


EXCLUSIVE: list[dict[str, Any]] = [{}, {"exclusive": True}, {"exclusive": False}]


def test_json_errors_have_positions_too() -> None:
    text = json.dumps(document(), indent=2).replace('"count": 2', '"count": "many"')
    error = refusal(text)
    assert (error.line, error.column) == (6, 16)
    assert error.where == "resources[0].count"


def test_a_bad_label_is_found_with_its_line() -> None:
    error = refusal(json.dumps(document(), indent=2).replace('"slot": "s"', '"slot": "t"'))
    assert error.message == "no slot is labelled 't'"
    assert error.hint == "the labels of the resources are: s"
    assert error.line == 21


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        '{"a":' * 50_000,
        "- " * 50_000,
        "".join(" " * level + "a:\n" for level in range(2_000)),
        "{a: " * 50_000,
        json.dumps(document())[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}",
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    assert refusal(text).message == "the document is nested deeper than 100 levels"


def test_one_hundred_levels_are_allowed_in_yaml_json_and_objects() -> None:
    nested = json.loads("[" * 97 + "]" * 97)
    allowed = document(attributes={"user": {"x": nested}})
    deeper = document(attributes={"user": {"x": [nested]}})
    assert (
        parse_object(allowed) == parse(json.dumps(allowed)) == parse(f"--- {json.dumps(allowed)}")
    )
    for text in (json.dumps(deeper), f"--- {json.dumps(deeper)}"):
        assert "deeper than 100" in refusal(text).message


def test_too_many_siblings_are_refused() -> None:
    sibling = {"type": "core", "count": 1}
    error = refusal(json.dumps(document(resources=[sibling] * 6_000)))
    assert error.message == "the jobspec has more than 5000 resources"
    assert error.where == "resources"
    error = refusal(json.dumps(document(resources=[sibling] * 100_000)))
    assert error.message == "the document has more than 50000 values"
    yaml = "version: 1\nresources:\n" + "- {type: core, count: 1}\n" * 100_000
    assert refusal(yaml).message == "the document has more than 50000 values"


def test_objects_that_contain_themselves_are_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(JobspecError, match="deeper than 100"):
        parse_object(document(attributes={"user": loop}))
    wide: list[Any] = []
    for _ in range(60):
        wide = [wide, wide]
    with pytest.raises(JobspecError, match="more than 50000 values"):
        parse_object(document(attributes={"user": wide}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Top level of jobspec is not a mapping"),
        ("---\n", "Top level of jobspec is not a mapping"),
        ("null", "Top level of jobspec is not a mapping"),
        ("x" * (16 * 2**20 + 1), "the limit is 16777216"),
        (b"a: \xff\n", "is not UTF-8"),
        ("a: \x00", "control characters"),
        ("\ud800: 1", "surrogates not allowed"),
        ("a: &x 1\nb: *x", "the alias *x is not supported"),
        ("a: !!python/name:os.system x", "is not supported"),
        ("? [a]\n: b", "a key must be a string"),
        ('{"version": 1, "version": 2}', "the key `version` is given twice"),
        ('{"version": NaN}', 'Missing key "resources"'),
        ("a: [1, 2\nb: 3", "`[` opened in line 1, column 4"),
        ("{", "is not closed before this point"),
    ],
)
def test_broken_texts_are_refused_in_one_line(text: str | bytes, message: str) -> None:
    error = refusal(text)
    assert message in error.message
    assert "\n" not in str(error)


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse(b"\xef\xbb\xbf" + json.dumps(document()).encode()).version == 1


def test_numbers_beyond_reason_are_refused_not_converted() -> None:
    text = json.dumps(document()).replace('"count": 2', '"count": ' + "9" * 5000)
    assert refusal(text).where == "resources[0].count"


def test_from_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("version: one\n")
    with pytest.raises(JobspecError) as caught:
        Jobspec.from_file(path)
    assert caught.value.source == str(path)


def test_unknown_types_are_refused_only_for_the_reference() -> None:
    changed = document(resources=[{"type": "tpu", "count": 1}], tasks=[])
    assert parse_object(changed, known_types={"core"}).resources[0].type == "tpu"
    assert parse_object(changed, known_types={"tpu"}, reference=True).resources[0].type == "tpu"
    with pytest.raises(JobspecError, match="no resource type 'tpu'"):
        parse_object(changed, known_types={"core"}, reference=True)
