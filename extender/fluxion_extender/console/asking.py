"""`fluence status` and `fluence explain`: questions to a running service."""

import json
import ssl
import sys
from argparse import Namespace
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import urlopen

from fluxion_py.cli.arguments import Parser, add_output, example, file_name, wants_json
from fluxion_py.cli.tool import DONE
from fluxion_py.errors import FluxionError, InputError

SERVICE = "http://127.0.0.1:8890"
WAIT = 30
COLUMNS = ("GROUP", "NAMESPACE", "PODS", "PLACED", "BOUND", "STATE", "SINCE", "WHERE")


def _add_service(parser: Parser) -> None:
    parser.add_argument("--url", default=SERVICE, help=f"the service (default: {SERVICE})")
    parser.add_argument(
        "--ca-file", type=file_name, metavar="FILE", help="who signed its certificate"
    )
    parser.add_argument(
        "--cert-file", type=file_name, metavar="FILE", help="our certificate and key"
    )
    add_output(parser)


def add_status(parser: Parser) -> None:
    """Add the options of `fluence status`."""
    parser.add_argument("group", nargs="?", help="only groups of this name")
    _add_service(parser)
    example(parser, "status", "status lmp-64 -o json")


def add_explain(parser: Parser) -> None:
    """Add the options of `fluence explain`."""
    parser.add_argument("pod", help="[NAMESPACE/]NAME; the namespace is default if not said")
    _add_service(parser)
    example(parser, "explain default/lmp-32-0-x7k2p", "explain lmp-32-0-x7k2p -o json")


def run_status(arguments: Namespace) -> int:
    """List the groups."""
    found = _ask(arguments, "/status")
    groups = [g for g in found["groups"] if arguments.group in (None, g["name"])]
    if arguments.group is not None and not groups:
        raise InputError(f"there is no group {arguments.group}")
    if wants_json(arguments):
        _write_json({**found, "groups": groups})
        return DONE
    rows = [COLUMNS]
    for group in groups:
        where = group["where"] or group["reason"] or "-"
        rows.append((
            group["name"], group["namespace"], f"{group['pods']}/{group['size']}",
            str(group["placed"]), str(group["bound"]), group["state"], f"{group['since']}s", where,
        ))  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for row in rows:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
    return DONE


def run_explain(arguments: Namespace) -> int:
    """Say why a pod waits."""
    namespace, _, name = arguments.pod.rpartition("/")
    path = f"/explain/{quote(namespace or 'default', safe='')}/{quote(name, safe='')}"
    found = _ask(arguments, path)
    if wants_json(arguments):
        _write_json(found)
        return DONE
    lines = [f"pod {found['pod']}: {found['verdict']}"]
    if found.get("node"):
        lines.append(f"  node: {found['node']}")
    group = found.get("group")
    if group:
        lines.append(
            f"  group: {group['name']}, {group['state']}, {group['pods']} of {group['size']} pods "
            f"known, {group['bound']} bound"
        )
        if group["reason"]:
            lines.append(f"  reason: {group['reason']}")
        if group["earliest"] is not None:
            lines.append(f"  reserved: begins in {group['earliest']}s at the latest")
    if found.get("never"):
        lines.append(f"  can never start: {found['never']}")
    elif found.get("shortage"):
        lines.append(f"  short: {found['shortage']}")
    if found.get("ahead"):
        lines.append(f"  waits behind {found['ahead']} groups")
    if found.get("vetoed"):
        lines.append(f"  refused by kube-scheduler's filters: {', '.join(found['vetoed'][:8])}")
    sys.stdout.write("\n".join(lines) + "\n")
    return DONE


def _ask(arguments: Namespace, path: str) -> Any:  # noqa: ANN401 - JSON
    context = None
    url = arguments.url.rstrip("/")
    if url.startswith("https:"):
        context = ssl.create_default_context(cafile=arguments.ca_file)
        if arguments.cert_file:
            context.load_cert_chain(arguments.cert_file)
    elif not url.startswith("http://"):
        raise InputError(f"{url[:80]} is no address of a service", hint=SERVICE)
    try:
        with urlopen(url + path, timeout=WAIT, context=context) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise FluxionError(_detail(error)) from None
    except (URLError, OSError, ValueError) as error:
        raise InputError(
            f"{url}: {getattr(error, 'reason', error)}", hint="is `fluence serve` up?"
        ) from None


def _detail(error: HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {error.code}"


def _write_json(document: object) -> None:
    json.dump(document, sys.stdout, indent=2)
    sys.stdout.write("\n")
