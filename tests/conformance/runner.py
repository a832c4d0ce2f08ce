"""Replay the reference's own test suite against a program with its command line.

    python -m tests.conformance.runner                     the compiled engine, in this process
    python -m tests.conformance.runner --engine oracle     the plain engine of the tests
    python -m tests.conformance.runner --cmd fluxion-match any program, as a process per run

The data are those of a flux-sched checkout (--root) or of the shared folder. Exit code 0 if
nothing failed, 1 if something did, 2 if nothing could be run.
"""

import argparse
import collections
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from tests.conformance.cases import Case, load_cases
from tests.conformance.judge import Judge, Verdict
from tests.conformance.program import InProcess, Process, Program
from tests.conftest import shared_folder

_judge: Judge


def main(argv: Sequence[str] | None = None) -> int:
    """Run the replay and print its table."""
    args = _arguments().parse_args(argv)
    for path in (args.cases, args.root / "t"):
        if not path.exists():
            print(f"reference data not found: {path}", file=sys.stderr)
            return 2
    cases = load_cases(args.cases)
    chosen = _chosen(cases, args)
    if not chosen:
        print("no case chosen", file=sys.stderr)
        return 2
    judge = Judge(args.root, {case.name: case for case in cases}, _program(args))
    verdicts = replay(judge, [case.name for case in chosen], args.jobs)
    print_failures(verdicts, args.show)
    print_table(verdicts)
    return int(any(verdict.status == "fail" for verdict in verdicts))


def replay(judge: Judge, names: Sequence[str], jobs: int) -> list[Verdict]:
    """Judge the named cases, `jobs` at a time, each job in a process of its own.

    A case that kills its process fails; the others are judged all the same.
    """
    verdicts: list[Verdict] = []
    while len(verdicts) < len(names):
        try:
            for verdict in _parallel(judge, names[len(verdicts) :], jobs):
                verdicts.append(verdict)  # noqa: PERF402 - what was judged before a crash counts
        except BrokenProcessPool:
            verdicts.append(_alone(judge, names[len(verdicts)]))
    return verdicts


def _parallel(judge: Judge, names: Sequence[str], jobs: int) -> Iterator[Verdict]:
    with ProcessPoolExecutor(jobs, get_context("fork"), _start_worker, (judge,)) as pool:
        yield from pool.map(_work, names)


def _alone(judge: Judge, name: str) -> Verdict:
    try:
        return next(_parallel(judge, [name], 1))
    except BrokenProcessPool:
        return Verdict(name, judge.cases[name].category, "fail", "the process died")


def _start_worker(judge: Judge) -> None:
    global _judge
    _judge = judge


def _work(name: str) -> Verdict:
    return _judge.verdict(name)


def _arguments() -> argparse.ArgumentParser:
    data = shared_folder() / "conformance"
    parser = argparse.ArgumentParser(
        prog="tests.conformance.runner",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", type=Path, default=data / "flux-sched", metavar="FOLDER",
                        help="flux-sched checkout, or the data of one")  # fmt: skip
    parser.add_argument("--cases", type=Path, default=data / "cases.json", metavar="FILE")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--cmd", metavar="COMMAND", help="program to run, without options")
    how.add_argument("--in-process", action="store_true", help="call the package (default)")
    parser.add_argument("--engine", choices=["core", "oracle"], default="core")
    parser.add_argument("-j", "--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--script", action="append", metavar="T3001", help="only this script")
    parser.add_argument("--case", action="append", metavar="NAME", help="only this case")
    parser.add_argument("--no-long", action="store_true", help="leave out the two big systems")
    parser.add_argument("--show", type=int, default=10, metavar="N",
                        help="explain this many failures")  # fmt: skip
    return parser


def _chosen(cases: Iterable[Case], args: argparse.Namespace) -> list[Case]:
    return [
        case
        for case in cases
        if (not args.case or case.name in args.case)
        and (not args.script or any(case.script.startswith(name) for name in args.script))
        and not (args.no_long and case.is_long)
    ]


def _program(args: argparse.Namespace) -> Program:
    if args.cmd:
        return Process(tuple(shlex.split(args.cmd)))
    return InProcess(args.engine)


def print_failures(verdicts: Iterable[Verdict], show: int) -> None:
    """Print what failed or was skipped, the first `show` failures with their reasons."""
    failed = [verdict for verdict in verdicts if verdict.status == "fail"]
    for verdict in failed[:show]:
        print(f"--- {verdict.name} ({verdict.category})\n{verdict.detail}\n")
    if failed:
        print("failed:", " ".join(verdict.name for verdict in failed))
    for verdict in verdicts:
        if verdict.status == "skip":
            print(f"skipped: {verdict.name}: {verdict.detail}")


def print_table(verdicts: Iterable[Verdict]) -> None:
    """Print the verdicts by category: passed, failed, skipped, all."""
    rows: dict[str, collections.Counter[str]] = {}
    for verdict in verdicts:
        for key in (verdict.category, "all"):
            rows.setdefault(key, collections.Counter())[verdict.status] += 1
    print(f"{'category':<24} {'pass':>6} {'fail':>6} {'skip':>6} {'all':>6}")
    for key in sorted(rows, key=lambda key: (key == "all", key)):
        row = rows[key]
        print(f"{key:<24} {row['pass']:>6} {row['fail']:>6} {row['skip']:>6} {row.total():>6}")


if __name__ == "__main__":
    sys.exit(main())
