"""Many simulations of one trace: one after the other, in processes, or on Dask."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from typing import TYPE_CHECKING

from fluxion_py.errors import InputError
from fluxion_py.simulation.schedule import Schedule
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.trace import Trace

if TYPE_CHECKING:
    from distributed import Client

ENGINES = ("processes", "dask")

MAX_RUNS = 1000
"""The most simulations of one sweep."""

Watch = Callable[[int, int], None]
"""Called with (simulations done, simulations in all)."""


def run_sweep(
    simulations: Sequence[Simulation],
    trace: Trace,
    *,
    engine: str = "processes",
    workers: int | None = None,
    scheduler: str = "",
    watch: Watch | None = None,
) -> list[Schedule]:
    """Run all simulations of a trace; schedules in their order, whatever the engine.

    "processes" uses `workers` processes (one per core), or none for a single one. "dask" uses the
    cluster at the address `scheduler`, or one that it starts with `workers` processes for as long
    as this takes. Machines must be files or numbers there, not graphs. Raises `InputError` for an
    unknown engine, if Dask is missing, and what `Simulation.run` raises.
    """
    if engine not in ENGINES:
        raise InputError(f"unknown engine {engine!r}", hint=" or ".join(ENGINES))
    if len(simulations) > MAX_RUNS:
        raise InputError(f"{len(simulations)} simulations in one sweep", hint=f"up to {MAX_RUNS}")
    if engine == "dask":
        return _on_dask(simulations, trace, workers, scheduler, watch)
    workers = min(workers or os.cpu_count() or 1, len(simulations))
    if workers <= 1:
        found = []
        for simulation in simulations:
            found.append(simulation.run(trace))
            if watch is not None:
                watch(len(found), len(simulations))
        return found
    return _in_processes(simulations, trace, workers, watch)


def _in_processes(
    simulations: Sequence[Simulation], trace: Trace, workers: int, watch: Watch | None
) -> list[Schedule]:
    # Fresh interpreters: a fork of a process with threads may hang.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_keep, initargs=(trace,)
    ) as pool:
        futures = [pool.submit(_run_kept, simulation) for simulation in simulations]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                if watch is not None:
                    watch(done, len(futures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [_with_trace(future.result(), trace) for future in futures]


_kept: list[Trace] = []


def _keep(trace: Trace) -> None:
    """Have the trace at hand in a worker, so that it goes there once."""
    _kept[:] = [trace]


def _run_kept(simulation: Simulation) -> Schedule:
    return _bare(simulation.run(_kept[0]))


def _run(simulation: Simulation, trace: Trace) -> Schedule:
    return _bare(simulation.run(trace))


def _bare(schedule: Schedule) -> Schedule:
    """Return a schedule without its trace, which the receiver has."""
    return replace(schedule, trace=Trace(()))


def _with_trace(schedule: Schedule, trace: Trace) -> Schedule:
    return replace(schedule, trace=trace)


def _on_dask(
    simulations: Sequence[Simulation],
    trace: Trace,
    workers: int | None,
    scheduler: str,
    watch: Watch | None,
) -> list[Schedule]:
    with _client(workers, scheduler, len(simulations)) as client:
        from distributed import as_completed as dask_completed

        shared = client.scatter(trace, broadcast=True)
        futures = [client.submit(_run, entry, shared, pure=False) for entry in simulations]
        for done, future in enumerate(dask_completed(futures), start=1):
            future.result()
            if watch is not None:
                watch(done, len(futures))
        return [_with_trace(future.result(), trace) for future in futures]


@contextmanager
def _client(workers: int | None, scheduler: str, runs: int) -> "Iterator[Client]":
    """Connect to a cluster, or start one here."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError(
            "engine dask: Dask is not installed", hint="pip install 'fluxion-py[dask]'"
        ) from None
    if scheduler:
        try:
            client = Client(scheduler, timeout=10)
        except (OSError, ValueError) as error:
            raise InputError(f"no Dask scheduler at {scheduler}: {error}") from None
        with client:
            yield client
        return
    count = min(workers or os.cpu_count() or 1, runs)
    with (
        LocalCluster(
            n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
