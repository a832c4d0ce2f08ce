"""`fluence config`: the KubeSchedulerConfiguration of a kube-scheduler that asks the service.

The settings and their reasons are those of kube-scheduler's extender protocol as measured with
1.36.2; the ones that are not a choice are fixed here and looked after by `fluence doctor`.
"""

import json
import re
import sys
from argparse import Namespace
from pathlib import Path
from urllib.parse import urlsplit

from fluxion_py.cli.arguments import Parser, example, file_name
from fluxion_py.cli.tool import DONE
from fluxion_py.errors import InputError

URL = "http://127.0.0.1:8890/fluence"
SCHEDULER = "fluence"
LEASE = "fluence-scheduler"
VERBS = ("filter", "prioritize", "preempt", "bind")
GATES = "SchedulerPopFromBackoffQ=false"
LONGEST_TIMEOUT = 600

# RFC 1123: the name of a lease; and, as each name of ours, that of a profile.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
# The name of an extended resource: a domain, a slash, a name.
_RESOURCE = re.compile(r"[a-z0-9][-a-z0-9.]{0,252}/[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?")


def add_config(parser: Parser) -> None:
    """Add the options of `fluence config`."""
    parser.add_argument(
        "--scheduler-name",
        metavar="NAME",
        default=SCHEDULER,
        help=f"the schedulerName of the pods (default: {SCHEDULER})",
    )
    parser.add_argument(
        "--also-default",
        action="store_true",
        help="serve the pods of default-scheduler, too: the only scheduler of the cluster",
    )
    parser.add_argument("--url", metavar="URL", default=URL, help=f"the service (default: {URL})")
    parser.add_argument("--timeout", metavar="SECONDS", type=int, default=5, help="(default: 5)")
    parser.add_argument(
        "--kubeconfig",
        type=file_name,
        metavar="FILE",
        help="how kube-scheduler reaches the API server (default: its service account)",
    )
    parser.add_argument(
        "--leader-elect",
        metavar="LEASE",
        nargs="?",
        const=LEASE,
        help=f"several replicas, of which one works (default name of the lease: {LEASE})",
    )
    parser.add_argument(
        "--managed-resource",
        metavar="NAME",
        help="ask only for pods that request this extended resource, as one of a shared scheduler",
    )
    tls = parser.add_argument_group("an https URL")
    for option, help in (
        ("--ca-file", "who may have signed the certificate of the service"),
        ("--cert-file", "certificate of kube-scheduler, for mutual TLS"),
        ("--key-file", "its key"),
    ):
        tls.add_argument(option, type=file_name, metavar="FILE", help=help)
    parser.add_argument(
        "-o", "--output", type=file_name, metavar="FILE", help="(default: standard output)"
    )
    example(
        parser,
        "config --scheduler-name fluence --url http://127.0.0.1:8890/fluence > scheduler.yaml",
        "config --leader-elect -o scheduler.yaml",
    )


def run_config(arguments: Namespace) -> int:
    """Write the configuration."""
    _check(arguments)
    text = configuration_text(arguments)
    if arguments.output in (None, "-"):
        sys.stdout.write(text)
    else:
        Path(arguments.output).write_text(text)
    return DONE


def configuration_text(arguments: Namespace) -> str:
    """Return the configuration as YAML. A string in it is written as JSON, which YAML includes."""
    election = _election(arguments.leader_elect)
    profiles = [
        arguments.scheduler_name,
        *(["default-scheduler"] if arguments.also_default else []),
    ]
    lines = [
        f"# kube-scheduler --config=THIS --feature-gates={GATES}",
        "# The gate (Kubernetes 1.33 and newer): else pods that wait are tried again all the time.",
        "apiVersion: kubescheduler.config.k8s.io/v1",
        "kind: KubeSchedulerConfiguration",
        f"leaderElection: {election}",
        f"clientConnection: {_connection(arguments.kubeconfig)}",
        "percentageOfNodesToScore: 100   # the planned node must be among the candidates",
        "podInitialBackoffSeconds: 1",
        "podMaxBackoffSeconds: 10",
        "profiles:",
        *(f"- schedulerName: {_quoted(name)}" for name in dict.fromkeys(profiles)),
        "extenders:                      # they apply to all profiles of this process",
        f"- urlPrefix: {_quoted(arguments.url.rstrip('/'))}",
        *(f"  {verb}Verb: {verb}" for verb in VERBS),
        "  weight: 1",
        f"  httpTimeout: {arguments.timeout}s",
        "  nodeCacheCapable: true        # names of nodes instead of whole nodes",
        "  ignorable: false              # without an answer there is no placement",
        *_tls(arguments),
        *_managed(arguments.managed_resource),
    ]
    return "\n".join(lines) + "\n"


def _election(lease: str | None) -> str:
    if lease is None:
        return "{leaderElect: false}"
    return f"{{leaderElect: true, resourceName: {_quoted(lease)}}}"


def _connection(kubeconfig: str | None) -> str:
    """Return the connection: the defaults of 50 requests a second and 100 at once slow it down."""
    where = f"kubeconfig: {_quoted(kubeconfig)}, " if kubeconfig else ""
    return f"{{{where}qps: 1000, burst: 1000}}"


def _tls(arguments: Namespace) -> list[str]:
    if urlsplit(arguments.url).scheme != "https":
        return []
    files = {
        "caFile": arguments.ca_file,
        "certFile": arguments.cert_file,
        "keyFile": arguments.key_file,
    }
    given = [f"    {key}: {_quoted(name)}" for key, name in files.items() if name]
    return ["  enableHTTPS: true", "  tlsConfig:", "    insecure: false", *given]


def _managed(resource: str | None) -> list[str]:
    if resource is None:
        return []
    return [
        "  managedResources:             # only pods that request it come to the service",
        f"  - {{name: {_quoted(resource)}, ignoredByScheduler: true}}",
    ]


def _quoted(text: str) -> str:
    return json.dumps(text)


def _check(arguments: Namespace) -> None:
    """Refuse what kube-scheduler would refuse, or would take for something else."""
    _check_url(arguments)
    if not 1 <= arguments.timeout <= LONGEST_TIMEOUT:
        raise InputError(f"--timeout {arguments.timeout}: not between 1 and {LONGEST_TIMEOUT}")
    names = (
        ("--scheduler-name", arguments.scheduler_name),
        ("--leader-elect", arguments.leader_elect),
    )
    for option, name in names:
        if name is not None and not _NAME.fullmatch(name):
            raise InputError(f"{option} {name[:80]!r}: not lower case letters, digits, - and .")
    resource = arguments.managed_resource
    if resource is not None and not _RESOURCE.fullmatch(resource):
        raise InputError(
            f"--managed-resource {resource[:80]!r}: not the name of an extended resource, "
            "such as example.com/gang"
        )


def _check_url(arguments: Namespace) -> None:
    url = arguments.url
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:  # a port that is no number
        wrong = True
    if wrong or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise InputError(f"--url {url[:80]!r}: not of the form {URL}")
    files = (arguments.ca_file, arguments.cert_file, arguments.key_file)
    if parts.scheme == "http" and any(files):
        raise InputError("--ca-file, --cert-file and --key-file want an https URL")
    if parts.scheme == "https" and arguments.ca_file is None:
        raise InputError(
            "an https URL wants --ca-file: without it kube-scheduler does not verify the service"
        )
    if (arguments.cert_file is None) != (arguments.key_file is None):
        raise InputError("--cert-file and --key-file belong together")
