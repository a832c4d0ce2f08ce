"""`jobs`, `cancel`, `release`: the jobs of a state file."""

import json
import sys
from argparse import Namespace

from fluxion_py.cli.arguments import Parser, add_graph, add_output, example, wants_json
from fluxion_py.cli.loading import open_matcher, require_state
from fluxion_py.cli.paths import paths_of
from fluxion_py.cli.table_text import format_table
from fluxion_py.errors import InputError
from fluxion_py.idset import parse_idset
from fluxion_py.match.job import parse_jobid


def add_jobs(parser: Parser) -> None:
    """Add the options of `jobs`."""
    add_graph(parser)
    add_output(parser)
    example(parser, "jobs -L elk.json --state elk.state")


def run_jobs(arguments: Namespace) -> int:
    """Print the jobs that hold resources now or later."""
    require_state(arguments)
    with open_matcher(arguments, change=False) as matcher:
        jobs = list(matcher.jobs())
    if wants_json(arguments):
        documents = [{"state": job.state.value, **job.allocation.to_dict()} for job in jobs]
        sys.stdout.write(json.dumps(documents) + "\n")
        return 0
    rows = [(job.id, job.state.value, job.at, job.expiration, job.allocation.nodes) for job in jobs]
    sys.stdout.write(
        format_table(
            ("JOBID", "STATE", "START", "END", "NODES"), rows, right=("JOBID", "START", "END")
        )
    )
    return 0


def add_cancel(parser: Parser) -> None:
    """Add the options of `cancel`."""
    parser.add_argument("jobids", metavar="JOBID", nargs="+", help="such as 7, 0x1f or f7Zs")
    add_graph(parser)
    add_output(parser)
    example(parser, "cancel -L elk.json --state elk.state 7")


def run_cancel(arguments: Namespace) -> int:
    """Give back everything of some jobs; nothing changes if one of them is unknown."""
    require_state(arguments)
    jobids = [parse_jobid(text) for text in arguments.jobids]
    with open_matcher(arguments, change=True) as matcher:
        for jobid in jobids:
            matcher.cancel(jobid)
    if wants_json(arguments):
        sys.stdout.write(json.dumps({"canceled": jobids}) + "\n")
    else:
        sys.stdout.writelines(f"JOBID={jobid} CANCELED\n" for jobid in jobids)
    return 0


def add_release(parser: Parser) -> None:
    """Add the options of `release`."""
    parser.add_argument("jobid", metavar="JOBID")
    parser.add_argument("--ranks", metavar="IDSET", help="give back what it has on these ranks")
    parser.add_argument(
        "--paths", metavar="PATH", nargs="+", help="give back these vertices and all below them"
    )
    add_graph(parser)
    add_output(parser)
    example(parser, "release -L elk.json --state elk.state 7 --ranks 0-2")


def run_release(arguments: Namespace) -> int:
    """Give back a part of a job."""
    require_state(arguments)
    jobid = parse_jobid(arguments.jobid)
    if (arguments.ranks is None) == (arguments.paths is None):
        raise InputError("give either --ranks or --paths", hint="`cancel` gives back all of a job")
    with open_matcher(arguments, change=True) as matcher:
        if arguments.ranks is not None:
            gone = matcher.release(jobid, ranks=parse_idset(arguments.ranks))
        else:
            paths = [p for text in arguments.paths for p in paths_of(matcher.graph, text)]
            gone = matcher.release(jobid, paths=paths)
    if wants_json(arguments):
        sys.stdout.write(json.dumps({"id": jobid, "gone": gone}) + "\n")
    else:
        sys.stdout.write(f"JOBID={jobid} {'CANCELED' if gone else 'REDUCED'}\n")
    return 0
