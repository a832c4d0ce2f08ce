"""`fluxion simulate`: a trace on machines under policies, with a report.

`add_simulate(parser)` adds the options, `run_simulate(arguments)` does it and returns the exit
code; it raises `FluxionError` and `OSError`.
"""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from fluxion_py.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fluxion_py.simulation.machine import Machine
    from fluxion_py.simulation.price import Bill, Price
    from fluxion_py.simulation.schedule import Schedule
    from fluxion_py.simulation.simulation import Simulation
    from fluxion_py.simulation.statistics import Statistics
    from fluxion_py.simulation.trace import Trace

DONE, DIFFERENT = 0, 1

EXAMPLES = """Examples:
  fluxion simulate month.csv -L elk.json --queue-policy fcfs,easy,conservative --out runs/base
  fluxion simulate NASA.swf --processors 128 --out runs/nasa
  fluxion simulate month.csv -L elk.json -L larger.json --queue-policy easy --out runs/sizes
  fluxion simulate month.csv -L elk.json -L larger.json --price node-hour=2.90 \\
      --failures disruption=1%,bug=0.1% --failure-policy job.yaml --out runs/cost
  fluxion simulate --repeat runs/base
"""


def add_simulate(parser: argparse.ArgumentParser) -> None:
    """Add the options of `simulate`."""
    parser.description = (
        "Run a trace of jobs through the real queue and matcher with a virtual clock, and write a "
        "report: an HTML page that works without a network, pictures (SVG), tables (CSV) and what "
        "is needed to repeat it (JSON)."
    )
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "trace", nargs="?", metavar="TRACE", help="SWF, or Slurm accounting as CSV (see --format)"
    )
    machine = parser.add_argument_group("the machine; several may be given")
    machine.add_argument(
        "-L", "--graph", action="append", default=[], metavar="MACHINE", help="a graph file"
    )
    machine.add_argument(
        "--processors", action="append", default=[], metavar="N", help="N equal processors"
    )
    parser.add_argument(
        "--queue-policy",
        default="easy",
        metavar="POLICY,...",
        help="fcfs, easy, hybrid:K, conservative (default: easy)",
    )
    parser.add_argument("-P", "--policy", default="low", help="match policy (default: low)")
    parser.add_argument(
        "--unit",
        default="",
        metavar="core|node",
        help="what the size of a job counts (default: nodes if trace and machine have them)",
    )
    parser.add_argument(
        "--format", metavar="swf|csv", help="format of the trace (default: seen from its content)"
    )
    parser.add_argument(
        "--overestimate",
        type=float,
        default=1.0,
        metavar="F",
        help="jobs without a time limit ask for up to F times their run time (default: 1)",
    )
    parser.add_argument(
        "--failures",
        metavar="RATES",
        help="have runs fail: disruption=1%%,bug=0.1%% (of the runs; of the jobs)",
    )
    parser.add_argument(
        "--failure-policy",
        metavar="FILE",
        help="what becomes of jobs then: a Kubernetes Job with a podFailurePolicy (YAML)",
    )
    parser.add_argument(
        "--price", metavar="UNIT-hour=P", help="what the machine costs: node-hour=2.90"
    )
    parser.add_argument("--seed", type=int, default=1, help="for what is drawn (default: 1)")
    parser.add_argument(
        "--queue-depth", type=int, default=1000, metavar="N", help="as of a queue (default: 1000)"
    )
    parser.add_argument("--out", metavar="DIR", help="write the report into this folder")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    parser.add_argument(
        "--engine", default="processes", metavar="processes|dask", help="(default: processes)"
    )
    parser.add_argument(
        "-j", "--workers", type=int, metavar="N", help="processes at a time (default: one per core)"
    )
    parser.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="a Dask cluster (default: one made here)"
    )
    parser.add_argument(
        "--repeat", metavar="DIR", help="run what a report folder holds again, and compare"
    )


def run_simulate(arguments: argparse.Namespace) -> int:
    """Simulate, print the results, write the report; 1 if a repeated run comes out otherwise."""
    if arguments.repeat is not None:
        return _repeat(arguments)
    from fluxion_py.simulation.price import Price
    from fluxion_py.simulation.report.folder import make_folder, meta_of, write_folder
    from fluxion_py.simulation.trace import Trace

    if not arguments.trace:
        raise InputError("no trace to simulate", hint="see fluxion simulate --help")
    machines = _machines(arguments)
    simulations = _simulations(arguments, machines)
    price = None if arguments.price is None else Price.parse(arguments.price)
    counts = {} if price is None else _counts(price, machines)
    trace = Trace.from_file(arguments.trace, arguments.format)
    if arguments.out is not None:
        make_folder(arguments.out)
    results = _run(arguments, simulations, trace)
    bills = []
    if price is not None:
        bills = [price.bill(counts[s.machine], figures.makespan) for s, figures in results]
    meta = meta_of(trace, machines, simulations, results, bills)
    if arguments.out is not None:
        write_folder(arguments.out, results, meta)
    if arguments.output == "json":
        sys.stdout.write(json.dumps(meta) + "\n")
        return DONE
    sys.stdout.write(_about(trace, [schedule for schedule, _ in results], arguments.out))
    sys.stdout.write(_table(results, bills, failures=arguments.failures is not None))
    if arguments.out is not None:
        digest = trace.digest[:12]
        sys.stdout.write(
            f"saved: {os.path.join(arguments.out, '')}"
            "{report.html,summary.csv,schedule-*.csv,chart-*.svg,meta.json}  "
            f"seed={arguments.seed} trace={digest}\n"
        )
    return DONE


def _table(
    results: "Sequence[tuple[Schedule, Statistics]]", bills: "Sequence[Bill]", *, failures: bool
) -> str:
    from fluxion_py.simulation.report.words import cells, text_table

    rows = [cells(schedule.machine, schedule.policy, figures) for schedule, figures in results]
    more = []
    if failures:
        more += ["RESTARTS", "FAILED"]
        for row, (_, figures) in zip(rows, results, strict=True):
            row += [str(figures.restarts), str(figures.failed)]
    if bills:
        more += [f"{bills[0].unit.upper()}-HOURS", "COST"]
        for row, bill in zip(rows, bills, strict=True):
            row += bill.cells()
    return text_table(rows, more)


def _machines(arguments: argparse.Namespace) -> "list[Machine]":
    from dataclasses import replace

    from fluxion_py.simulation.machine import Machine

    found = [Machine.from_file(path) for path in arguments.graph]
    for text in arguments.processors:
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise InputError(f"--processors {text[:40]!r} is no whole number")
        found.append(Machine.from_processors(int(text)))
    if not found:
        raise InputError("no machine: give -L MACHINE or --processors N")
    names = [machine.name for machine in found]
    for at, machine in enumerate(found):
        if names.count(machine.name) > 1:
            found[at] = replace(machine, name=machine.file or f"{machine.name}-{at + 1}")
    return found


def _simulations(
    arguments: argparse.Namespace, machines: "Sequence[Machine]"
) -> "list[Simulation]":
    from fluxion_py.simulation.failures import Failures
    from fluxion_py.simulation.simulation import Simulation

    failures = None
    if arguments.failures is not None:
        failures = Failures.parse(arguments.failures, arguments.failure_policy)
    elif arguments.failure_policy is not None:
        raise InputError("--failure-policy without --failures", hint="add disruption=1%,bug=0.1%")
    policies = list(dict.fromkeys(text.strip() for text in arguments.queue_policy.split(",")))
    return [
        Simulation(
            machine,
            policy,
            match_policy=arguments.policy,
            unit=arguments.unit,
            seed=arguments.seed,
            overestimate=arguments.overestimate,
            queue_depth=arguments.queue_depth,
            failures=failures,
        )
        for machine in machines
        for policy in policies
    ]


def _counts(price: "Price", machines: "Sequence[Machine]") -> dict[str, int]:
    """Return how many units each machine has that are paid for. Raises `InputError`."""
    from fluxion_py.simulation.machine import units_of

    found = {}
    for machine in machines:
        graph = machine.graph()
        found[machine.name] = sum(map(graph.flat.up, units_of(graph, price.unit)))
    return found


def _run(
    arguments: argparse.Namespace, simulations: "Sequence[Simulation]", trace: "Trace"
) -> "list[tuple[Schedule, Statistics]]":
    from fluxion_py.simulation.statistics import statistics_of
    from fluxion_py.simulation.sweep import run_sweep

    if arguments.workers is not None and arguments.workers < 1:
        raise InputError(f"{arguments.workers} workers", hint="1 or more")
    schedules = run_sweep(
        simulations,
        trace,
        engine=arguments.engine,
        workers=arguments.workers,
        scheduler=arguments.scheduler,
        watch=_progress(),
    )
    return [(schedule, statistics_of(schedule)) for schedule in schedules]


def _progress() -> "Callable[[int, int], None] | None":
    """Return what tells on a terminal how far a sweep is."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        end = "\r\x1b[K" if done == total else ""
        sys.stderr.write(f"\r{done} of {total} simulations done{end}")
        sys.stderr.flush()

    return tell


def _about(trace: "Trace", schedules: "Sequence[Schedule]", out: str | None) -> str:
    """Return the lines about what was read, and what of it could not run."""
    where = f"; see {os.path.join(out, 'skipped.csv')}" if out is not None else ""
    lines = [f"read {len(trace.jobs)} jobs"]
    if trace.skipped:
        first = trace.skipped[0]
        lines[0] += f" ({len(trace.skipped)} skipped, line {first.line}: {first.reason}{where})"
    if trace.unsorted:
        lines.append(f"{trace.unsorted} jobs stood behind a later one: sorted by submission")
    told = set()
    for schedule in schedules:
        if schedule.refused and schedule.machine not in told:
            told.add(schedule.machine)
            index, reason = next(iter(schedule.refused.items()))
            lines.append(
                f"{schedule.machine}: {len(schedule.refused)} jobs can never run, job "
                f"{trace.jobs[index].id}: {reason}{where}"
            )
    return "".join(f"{line}\n" for line in lines)


def _repeat(arguments: argparse.Namespace) -> int:
    """Run what a folder holds once more; tell which schedules are others."""
    from fluxion_py.simulation.report.repeat import inputs_of, read_meta

    meta = read_meta(arguments.repeat)
    trace, simulations = inputs_of(meta)
    results = _run(arguments, simulations, trace)
    different = 0
    for (schedule, _), old in zip(results, meta.results, strict=True):
        if schedule.digest != old.schedule_sha256:
            different += 1
            sys.stdout.write(f"different: {schedule.machine}, {schedule.policy}\n")
    sys.stdout.write(f"{len(results) - different} of {len(results)} schedules are the same\n")
    return DIFFERENT if different else DONE
