"""Run again what a folder holds, and say whether the same comes out."""

import os
from dataclasses import replace
from typing import Annotated

import msgspec

from fluxion_py.errors import InputError
from fluxion_py.simulation.failures import Failures
from fluxion_py.simulation.machine import Machine
from fluxion_py.simulation.report.folder import FORMAT, META
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.trace import Trace

MAX_BYTES = 16 * 2**20
"""The largest meta.json."""


class _Trace(msgspec.Struct):
    file: str
    format: str
    sha256: str


class _Machine(msgspec.Struct):
    name: str
    file: str = ""
    sha256: str = ""
    processors: int = 0


class _Result(msgspec.Struct):
    machine: str
    policy: str
    schedule_sha256: str


class Meta(msgspec.Struct):
    """What is read of a meta.json."""

    format: int
    trace: _Trace
    machines: list[_Machine]
    queue_policies: list[str]
    match_policy: str
    unit: str
    queue_depth: Annotated[int, msgspec.Meta(ge=1)]
    overestimate: float
    seed: int
    results: list[_Result]
    failures: Failures | None = None


def read_meta(folder: str) -> Meta:
    """Return the meta.json of a folder. Raises `InputError` for a bad one, `OSError`."""
    source = os.path.join(folder, META)
    with open(source, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(f"larger than {MAX_BYTES} bytes", source=source)
    try:
        meta = msgspec.json.decode(data, type=Meta)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a description of simulations: {error}", source=source) from None
    if meta.format != FORMAT:
        raise InputError(f"format {meta.format}", source=source, hint=f"this reads format {FORMAT}")
    if len(meta.results) != len(meta.machines) * len(meta.queue_policies):
        raise InputError(
            f"{len(meta.results)} results of {len(meta.machines)} machines and "
            f"{len(meta.queue_policies)} policies",
            source=source,
        )
    return meta


def inputs_of(meta: Meta) -> tuple[Trace, list[Simulation]]:
    """Read the trace and the machines again. Raises `InputError` if a file is another, `OSError`.

    Files are found as they were named: relative names from the present folder.
    """
    trace = Trace.from_file(meta.trace.file, meta.trace.format)
    _check(trace.name, trace.digest, meta.trace.sha256)
    machines = []
    for entry in meta.machines:
        if not entry.file:
            machines.append(Machine.from_processors(entry.processors))
            continue
        machine = Machine.from_file(entry.file)
        _check(entry.file, machine.digest, entry.sha256)
        machines.append(replace(machine, name=entry.name))
    simulations = [
        Simulation(
            machine,
            policy,
            match_policy=meta.match_policy,
            unit=meta.unit,
            seed=meta.seed,
            overestimate=meta.overestimate,
            queue_depth=meta.queue_depth,
        )
        for machine in machines
        for policy in meta.queue_policies
    ]
    return trace, simulations


def _check(source: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise InputError(
            f"the file has changed: SHA-256 {found[:12]}…, it was {wanted[:12]}…", source=source
        )
