"""Jobspecs of messages are read as everywhere else, only faster."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxion_py import Jobspec
from fluxion_py.errors import JobspecError
from fluxion_py.instances.jobspecs import JobspecReader, JobspecText
from fluxion_py.jobspec.parser import parse_object

READER = JobspecReader()


@given(
    st.lists(st.text(max_size=5), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([0, 60, "1h", 0.5]),
    st.sampled_from([{}, {"A": "b"}]),
)
def test_the_quick_way_gives_what_the_long_way_gives(
    command: list[str],
    tasks: int,
    nodes: int | None,
    duration: float | str,
    variables: dict[str, str],
) -> None:
    spec = Jobspec.from_command(
        command,
        num_tasks=max(tasks, nodes or 1),
        num_nodes=nodes,
        duration=duration,
        environment=variables,
    ).to_dict()
    text = JobspecText(json.dumps(spec).encode())
    expected = parse_object(spec)
    assert READER.read(text) == expected
    assert READER.read(text) == expected


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tasks": [{"command": ["a"], "slot": "no", "count": {"per_slot": 1}}]}, "no"),
        ({"tasks": [{"command": ["a"], "slot": "task", "count": {"per_slot": 0}}]}, "per_slot"),
        ({"tasks": [{"command": ["a"], "slot": "task", "count": {}}]}, "count"),
        ({"tasks": []}, None),
        ({"attributes": {"system": {"duration": -1}}}, "duration"),
        ({"attributes": {"systm": {}}}, "attributes"),
        ({"more": 1}, "more"),
        ({"version": 0}, "version"),
    ],
)
def test_what_is_refused_is_refused_the_second_time_as_well(
    change: dict[str, object], told: str | None
) -> None:
    reader = JobspecReader()
    spec = Jobspec.from_command(["a"]).to_dict()
    reader.read(JobspecText(json.dumps(spec).encode()))
    text = JobspecText(json.dumps({**spec, **change}).encode())
    for _ in range(2):
        if told is None:
            assert reader.read(text).tasks == ()
            continue
        with pytest.raises(JobspecError, match=told):
            reader.read(text)
