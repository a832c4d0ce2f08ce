"""When the service starts and ends: once the API server answers, and while its lease is held."""

import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable

from fluxion_extender.kube.connection import ApiError, Connection
from fluxion_extender.kube.lease import DURATION, RENEW_EVERY, Lease
from fluxion_extender.service import Service

RETRY = 1.0
log = logging.getLogger("fluence")

Say = Callable[[str], None]


def start_in_background(
    service: Service, connection: Connection, say: Say, lease: str | None = None
) -> None:
    """Start a service in a thread, again and again until the API server answers.

    `say` is told what is found. With `lease` (NAMESPACE/NAME) only while it is ours; when it is
    lost the process ends. Raises `InputError` for a name that is none.
    """
    held = None
    if lease is not None:
        identity = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
        held = Lease(connection, lease, identity, time.monotonic)
    threading.Thread(target=_lead, args=(service, say, held), name="start", daemon=True).start()


def _lead(service: Service, say: Say, lease: Lease | None) -> None:
    """Start once the lease is ours; stop for good when it is lost."""
    if lease is None:
        _keep_starting(service, say, 0)
        return
    held_at = 0.0
    while not service.stopped.is_set():
        begun = time.monotonic()
        try:
            held = lease.try_hold()
            held_at = begun if held else held_at
        except ApiError as error:
            log.info("lease: %s", error)
            held = service.ready and begun - held_at < DURATION - RENEW_EVERY
        if held and not service.ready:
            _keep_starting(service, say, lease.epoch)
        elif not held and service.ready:
            say("the lease is lost")
            service.lost = True
            service.stop()
            os.kill(os.getpid(), signal.SIGTERM)
        service.stopped.wait(RENEW_EVERY)
    if not service.lost:
        lease.release()


def _keep_starting(service: Service, say: Say, epoch: int) -> None:
    said = ""
    while not service.stopped.is_set():
        try:
            found = service.start(epoch)
        except ApiError as error:
            if str(error) != said:
                said = str(error)
                say(f"waits for the API server: {error}")
            service.stopped.wait(RETRY)
            continue
        say(
            f"{found.nodes} nodes; recovered {found.groups} groups ({found.pods} pods), "
            f"{found.foreign} foreign pods counted, "
            f"{found.plans} plans kept, {found.dropped} dropped; ready"
        )
        return
