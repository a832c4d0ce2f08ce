"""`dump` and `shutdown`."""

import hashlib
import os
import tarfile
from argparse import Namespace
from select import select

from fluxion_py.cli.arguments import Parser, example, file_name, wants_json
from fluxion_py.cli.tool import DONE
from fluxion_py.console.connection import add_connection, open_client, print_json
from fluxion_py.console.queues import wait_until_empty
from fluxion_py.errors import InputError


def add_dump(parser: Parser) -> None:
    """Add the options of `dump`."""
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--now", action="store_true", help="running jobs are to be run again")
    when.add_argument("--wait", action="store_true", help="wait until no job runs (queues stop)")
    parser.add_argument("file", type=file_name, metavar="FILE", help="new, or to be replaced")
    add_connection(parser)
    example(
        parser,
        "queue stop && fluxion dump --now night.tar",
        "dump --wait night.tar      # then: fluxion start --recovery night.tar -L small.json",
    )


def run_dump(arguments: Namespace) -> int:
    """Save the instance to a file, and check what is in it."""
    path = os.path.abspath(arguments.file)
    with open_client(arguments) as client:
        if arguments.wait:
            client.call("queue-change", action="stop")
            wait_until_empty(client, ("running",), None, None)
        found = client.call("dump", path=path)
    if checksum_of(path) != found["checksum"]:
        raise InputError("is not what was saved: the checksum differs", source=arguments.file)
    if wants_json(arguments):
        print_json(found)
        return DONE
    running, pending = found["running"], found["pending"]
    note = " -> will be requeued" if running else ""
    print(
        f"dumped {found['jobs']} jobs ({running} running{note}, {pending} pending), "
        f"events 1..{found['last']}, checksum ok"
    )
    return DONE


def checksum_of(path: str) -> str:
    """Return the SHA-256 of the journal in a dump. Raises `InputError`, `OSError`."""
    try:
        with tarfile.open(path, "r:") as tar:
            member = tar.extractfile("journal.db")
            if member is None:
                raise InputError("has no journal", source=path)
            digest = hashlib.sha256()
            while part := member.read(2**20):
                digest.update(part)
            return digest.hexdigest()
    except (tarfile.TarError, KeyError):
        raise InputError("is no dump", source=path) from None


def add_shutdown(parser: Parser) -> None:
    """Add the options of `shutdown`."""
    parser.add_argument("--kill", action="store_true", help="end the running jobs, too")
    add_connection(parser)
    example(parser, "shutdown", "shutdown --kill")


def run_shutdown(arguments: Namespace) -> int:
    """End an instance; `start --recovery` goes on with it."""
    with open_client(arguments) as client:
        pid = client.call("info")["pid"]
        process = os.pidfd_open(pid)
        client.call("shutdown", kill=arguments.kill)
    try:
        select([process], [], [])  # until it has let go of its folder
    finally:
        os.close(process)
    if wants_json(arguments):
        print_json({"ended": pid})
    return DONE
