"""The gallery is the tutorial: what it says must be true."""

from dataclasses import replace
from pathlib import Path

import pytest

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.jobspec.parser import parse, parse_object
from fluxion_py.jobspec.shape import parse_shape
from tests.machines import JOBSPECS

EXAMPLES = sorted((JOBSPECS / "examples").iterdir())
INVALID = sorted((JOBSPECS / "invalid").iterdir())
SLIDES = [path for path in INVALID if path.name.startswith("slide-as-printed")]


def test_the_gallery_is_complete() -> None:
    assert len(EXAMPLES) >= 15
    assert len(INVALID) >= 25
    assert len(SLIDES) == 4


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_accepted_in_both_modes_and_survives_a_round_trip(path: Path) -> None:
    jobspec = Jobspec.from_file(path)
    assert jobspec.resources
    assert parse_object(jobspec.to_dict()) == jobspec
    assert parse(jobspec.to_json()) == jobspec
    if path.name != "duration-as-text.yaml":  # texts for durations are ours
        assert parse(path.read_text(), reference=True) == jobspec


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.name)
def test_every_invalid_file_says_what_its_first_line_promises(path: Path) -> None:
    text = path.read_text()
    expected = text.splitlines()[0].split("# expect: ")[1]
    with pytest.raises(JobspecError) as caught:
        Jobspec.from_file(path)
    error = caught.value
    assert expected in error.message
    assert error.source == str(path)
    assert error.line is not None
    assert error.column is not None
    assert error.hint
    assert "\n" not in str(error)
    lines = text.splitlines()
    assert 1 <= error.line <= len(lines) + 1


@pytest.mark.parametrize("path", SLIDES, ids=lambda path: path.name)
def test_the_jobspecs_as_printed_are_explained(path: Path) -> None:
    with pytest.raises(JobspecError) as caught:
        parse(path.read_text(), source="slide.yaml")
    assert str(caught.value) == (
        "slide.yaml:10:11: `label` stands under the dash of line 9 (`- type: slot`),"
        " not under `type`"
    )
    assert caught.value.hint == (
        "indent lines 10-19 by two more columns and put `count` (line 20) under `type`."
        " Compare examples/slide.yaml"
    )


@pytest.mark.parametrize("version", [1, 9999])
def test_the_corrected_slide_is_the_request_of_its_one_line_forms(version: int) -> None:
    text = (JOBSPECS / "examples" / "slide.yaml").read_text()
    jobspec = parse(text.replace("version: 1", f"version: {version}"))
    assert jobspec.version == version
    assert jobspec.duration == 3600
    shape = "cluster/rack=2/slot=3{myslot}/node/socket=2/core=18"
    arrows = "cluster->racks[2]->slot[3]{myslot}->node[1]->sockets[2]->core[18]"
    assert parse_shape(shape) == jobspec.resources
    assert parse_shape(arrows) == jobspec.resources


def test_following_the_hints_of_a_printed_slide_leads_to_the_corrected_file() -> None:
    lines = SLIDES[2].read_text().splitlines()
    lines[9:19] = ["  " + line for line in lines[9:19]]
    lines[19] = lines[18].split("-")[0] + "  count: 18"
    text = "\n".join(lines)
    with pytest.raises(JobspecError, match='"command" value must be a sequence') as caught:
        parse(text)
    assert caught.value.hint == "write `command: [app]`"
    warnings: list[str] = []
    jobspec = parse(text, lenient=True, warnings=warnings)
    slide = Jobspec.from_file(JOBSPECS / "examples" / "slide.yaml")
    assert replace(jobspec, attributes={}) == replace(slide, attributes={})
    assert len(warnings) == 1
    assert "string" in warnings[0]
