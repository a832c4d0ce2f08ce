"""The folder of a sweep: page, pictures, tables, and what is needed to repeat it."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from itertools import zip_longest
from typing import Any

from fluxion_py.errors import InputError
from fluxion_py.simulation.machine import Machine
from fluxion_py.simulation.price import Bill
from fluxion_py.simulation.report.chart import write_chart
from fluxion_py.simulation.report.page import write_page
from fluxion_py.simulation.report.tables import schedule_csv, skipped_csv, summary_csv
from fluxion_py.simulation.schedule import Schedule
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.statistics import Statistics
from fluxion_py.simulation.trace import Trace

META = "meta.json"
FORMAT = 1

Result = tuple[Schedule, Statistics]


def make_folder(out: str) -> None:
    """Make the folder, or find it there. Raises `InputError` for a file of that name."""
    try:
        os.makedirs(out, exist_ok=True)
    except FileExistsError:
        raise InputError("this is a file, a folder is wanted", source=out) from None


def write_folder(out: str, results: Sequence[Result], meta: dict[str, Any]) -> list[str]:
    """Write all files; return their names. A file is there whole or not at all.

    `meta` is of `meta_of`; it is written last, so a folder with it is complete. The same results
    give the same bytes. Raises `OSError`.
    """
    trace = results[0][0].trace
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(out, META))
    names = run_names([schedule for schedule, _ in results])
    files: dict[str, Iterable[str]] = {}
    for name, (schedule, figures) in zip(names, results, strict=True):
        files[f"schedule-{name}.csv"] = schedule_csv(schedule)
        files[f"chart-{name}.svg"] = write_chart(schedule, figures)
    if trace.skipped or any(schedule.refused for schedule, _ in results):
        files["skipped.csv"] = skipped_csv(trace, [schedule for schedule, _ in results])
    files["summary.csv"] = summary_csv(results)
    files["report.html"] = write_page(results, _facts(meta))
    files[META] = [json.dumps(meta, indent=2) + "\n"]
    for name, pieces in files.items():
        _write(os.path.join(out, name), pieces)
    return list(files)


def run_names(schedules: Sequence[Schedule]) -> list[str]:
    """Return a short and different name for the files of each schedule."""
    several = len({schedule.machine for schedule in schedules}) > 1
    found: list[str] = []
    for schedule in schedules:
        full = f"{schedule.machine}-{schedule.policy}" if several else schedule.policy
        name = plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", full)[:100]
        number = 2
        while name in found:
            name, number = f"{plain}-{number}", number + 1
        found.append(name)
    return found


def meta_of(
    trace: Trace,
    machines: Sequence[Machine],
    simulations: Sequence[Simulation],
    results: Sequence[Result],
    bills: Sequence[Bill] = (),
) -> dict[str, Any]:
    """Return what was simulated, with the hashes of all that went in and came out, for JSON.

    `bills` are those of the results, if a price was given.
    """
    first = simulations[0]
    return {
        "format": FORMAT,
        "fluxion-py": version("fluxion-py"),
        "trace": {
            "file": trace.name,
            "format": trace.format,
            "sha256": trace.digest,
            "jobs": len(trace.jobs),
            "skipped": len(trace.skipped),
            "unsorted": trace.unsorted,
            "first_submission": trace.origin,
        },
        "machines": [
            {"name": entry.name, "file": entry.file, "sha256": entry.digest}
            if entry.file
            else {"name": entry.name, "processors": entry.processors}
            for entry in machines
        ],
        "queue_policies": list(dict.fromkeys(entry.queue_policy for entry in simulations)),
        "match_policy": first.match_policy,
        "unit": first.unit,
        "queue_depth": first.queue_depth,
        "overestimate": first.overestimate,
        "seed": first.seed,
        "failures": None if first.failures is None else first.failures.to_dict(),
        "results": [
            {
                "machine": schedule.machine,
                "policy": schedule.policy,
                "capacity": schedule.capacity,
                "unit": schedule.unit,
                "schedule_sha256": schedule.digest,
                **figures.to_dict(),
                **({"bill": asdict(bill)} if bill is not None else {}),
            }
            for (schedule, figures), bill in zip_longest(results, bills)
        ],
    }


def _facts(meta: dict[str, Any]) -> list[tuple[str, str]]:
    trace = meta["trace"]
    skipped = f", {trace['skipped']} left out" if trace["skipped"] else ""
    facts = [
        ("Trace", f"{trace['file']}: {trace['jobs']} jobs{skipped}"),
        ("Trace SHA-256", trace["sha256"]),
    ]
    for machine in meta["machines"]:
        if "file" in machine:
            facts.append(("Machine", f"{machine['file']} (SHA-256 {machine['sha256']})"))
        else:
            facts.append(("Machine", f"{machine['processors']} processors"))
    over = meta["overestimate"]
    asked = "exactly their run time" if over == 1 else f"up to {over:g} times their run time"
    failures = meta["failures"]
    if failures is not None:
        rates = f"disruption {failures['disruption']:.3%}, bug {failures['bug']:.3%}"
        policy = f"{failures['on_disruption']} / {failures['on_bug']}"
        facts.append(("Failures", f"{rates}; {policy}, up to {failures['backoff_limit']} counted"))
    for entry in meta["results"]:
        if "bill" in entry:
            bill = entry["bill"]
            told = f"{bill['cost']:.2f} for {bill['hours']:.0f} {bill['unit']}-hours"
            facts.append((f"Cost of {entry['machine']}, {entry['policy']}", told))
    facts += [
        ("Match policy", meta["match_policy"]),
        ("Jobs without a limit", f"ask for {asked}"),
        ("Seed", str(meta["seed"])),
        ("Made by", f"fluxion-py {meta['fluxion-py']}"),
    ]
    return facts


def _write(path: str, pieces: Iterable[str]) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(pieces)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
