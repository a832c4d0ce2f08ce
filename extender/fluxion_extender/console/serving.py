"""`fluence serve`: the service itself."""

import socket
import ssl
import sys
from argparse import ArgumentTypeError, Namespace

from fluxion_extender.cluster.levels import DEFAULT_LEVELS, Level, parse_levels
from fluxion_extender.decisions.settings import Settings
from fluxion_py.cli.arguments import Parser, example, file_name, whole_number
from fluxion_py.cli.tool import DONE
from fluxion_py.errors import InputError

HOST = "127.0.0.1"
PORT = 8890
LOST = 75
"""Exit code when another replica has taken the lease: start again."""


def add_serve(parser: Parser) -> None:
    """Add the options of `fluence serve`."""
    parser.add_argument(
        "--kubeconfig", type=file_name, metavar="FILE", help="access to the cluster"
    )
    parser.add_argument("--context", metavar="NAME", help="the context of the kubeconfig")
    parser.add_argument("--host", default=HOST, help=f"address to listen at (default: {HOST})")
    parser.add_argument("--port", type=whole_number, default=PORT, help=f"(default: {PORT})")
    add_settings(parser)
    tls = parser.add_argument_group("https")
    tls.add_argument("--tls-cert", type=file_name, metavar="FILE", help="our certificate")
    tls.add_argument("--tls-key", type=file_name, metavar="FILE", help="its key")
    tls.add_argument(
        "--client-ca", type=file_name, metavar="FILE", help="only clients with a certificate of it"
    )
    parser.add_argument(
        "--lease", metavar="NAMESPACE/NAME", help="several replicas: the holder of this lease works"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log every decision")
    example(parser, "serve --levels topology.kubernetes.io/zone,rack --policy easy")


def add_settings(parser: Parser) -> None:
    """Add the options that say how it is decided."""
    parser.add_argument(
        "--scheduler-name", default="fluence", metavar="NAME", help="pods that name it are ours"
    )
    parser.add_argument(
        "--levels",
        type=_levels,
        default=DEFAULT_LEVELS,
        metavar="[TYPE=]LABEL,...",
        help="labels that say where a node is, outermost first (default: zone, block, rack, ...)",
    )
    parser.add_argument(
        "--policy",
        default="easy",
        help="who goes next: fcfs, easy, hybrid:K, conservative (default: easy)",
    )
    parser.add_argument(
        "--match-policy", default="low", metavar="POLICY", help="which nodes first (default: low)"
    )
    parser.add_argument(
        "--default-duration",
        type=whole_number,
        default=0,
        metavar="SECONDS",
        help="of pods that name none (default: without end)",
    )
    parser.add_argument(
        "--preemption",
        action="store_true",
        help="evict whole groups of lower priority for one that waits (default: nobody)",
    )
    parser.add_argument(
        "--no-bind-siblings",
        action="store_true",
        help="let kube-scheduler bind every member of a gang by itself",
    )


def _levels(text: str) -> tuple[Level, ...]:
    try:
        return parse_levels(text)
    except InputError as error:
        raise ArgumentTypeError(f"{error} ({error.hint})" if error.hint else str(error)) from None


def _check_certificates(arguments: Namespace) -> None:
    """Read the certificates once, before anything is started. Raises `InputError`."""
    if not arguments.tls_cert:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(arguments.tls_cert, arguments.tls_key)
    except (OSError, ssl.SSLError) as error:
        files = f"{arguments.tls_cert} and {arguments.tls_key}"
        raise InputError(f"{files}: {error.strerror or error}", hint="PEM files") from None
    try:
        if arguments.client_ca:
            context.load_verify_locations(arguments.client_ca)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{arguments.client_ca}: {error.strerror or error}") from None


def settings_of(arguments: Namespace) -> Settings:
    """Return the settings that options say. Raises `PolicyError`."""
    from fluxion_py.match.policy import parse_policy as parse_match_policy
    from fluxion_py.queues.config import parse_policy

    parse_policy(arguments.policy)
    parse_match_policy(arguments.match_policy)
    return Settings(
        scheduler_name=arguments.scheduler_name,
        levels=arguments.levels,
        match_policy=arguments.match_policy,
        queue_policy=arguments.policy,
        default_duration=arguments.default_duration,
        preemption=arguments.preemption,
        bind_siblings=not arguments.no_bind_siblings,
    )


def run_serve(arguments: Namespace) -> int:
    """Serve until a signal comes."""
    import logging

    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise InputError("a certificate and its key go together", hint="--tls-cert and --tls-key")
    if arguments.client_ca and not arguments.tls_cert:
        raise InputError("--client-ca without --tls-cert")
    if not 0 < arguments.port < 65536:
        raise InputError(f"port {arguments.port}", hint="1 to 65535")
    settings = settings_of(arguments)
    _check_certificates(arguments)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.WARNING,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )
    import uvicorn

    from fluxion_extender.api.app import make_app
    from fluxion_extender.kube.connection import Connection
    from fluxion_extender.leading import start_in_background
    from fluxion_extender.service import Service

    connection = Connection(arguments.kubeconfig, arguments.context)
    listener = _listen(arguments.host, arguments.port)
    service = Service(connection, settings)
    app = make_app(service)
    start_in_background(service, connection, _announce, arguments.lease)
    sys.stderr.write(f"fluence: listening on {arguments.host}:{arguments.port}\n")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        ssl_certfile=arguments.tls_cert,
        ssl_keyfile=arguments.tls_key,
        ssl_ca_certs=arguments.client_ca,
        ssl_cert_reqs=ssl.CERT_REQUIRED if arguments.client_ca else ssl.CERT_NONE,
    )
    uvicorn.Server(config).run(sockets=[listener])
    service.stop()
    return LOST if service.lost else DONE


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises `InputError` if another one does, or it may not be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]
        text = f"cannot listen at {host}:{port}: {why}"
        raise InputError(text, hint="--host and --port") from None


def _announce(text: str) -> None:
    sys.stderr.write(f"fluence: {text}\n")
    sys.stderr.flush()
