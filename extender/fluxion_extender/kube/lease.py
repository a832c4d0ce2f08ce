"""Who of several replicas works: a coordination.k8s.io Lease (fluence-design.md B.7)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from fluxion_extender.kube.connection import ApiError, Connection
from fluxion_py.errors import InputError

DURATION = 15
RENEW_EVERY = 5.0


class Lease:
    """One lease. `try_hold` takes or renews it; the times of other holders are never compared.

    A lease that another one holds has ended if it has not been renewed for its duration by our own
    clock, since we first saw it as it is. `epoch` counts the holders.
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        identity: str,
        clock: Callable[[], float],
    ) -> None:
        namespace, slash, lease = name.partition("/")
        if not slash or not namespace or not lease or "/" in lease:
            raise InputError(f"{name[:80]} is no lease", hint="NAMESPACE/NAME")
        self.epoch = 0
        self._name, self._namespace = lease, namespace
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._connection = connection
        self._identity = identity
        self._clock = clock
        self._seen = ""
        self._seen_at = 0.0

    def try_hold(self) -> bool:
        """Take the lease, or renew it; False if another one has it. Raises `ApiError`."""
        now = self._clock()
        try:
            lease = msgspec.json.decode(self._connection.get(f"{self._path}/{self._name}"))
        except ApiError as error:
            if error.status != 404:
                raise
            return self._write(self._connection.post, self._path, self._fresh())
        spec = lease.setdefault("spec", {})
        version = lease["metadata"]["resourceVersion"]
        if version != self._seen:
            self._seen, self._seen_at = version, now
        mine = spec.get("holderIdentity") == self._identity
        expired = now - self._seen_at >= int(spec.get("leaseDurationSeconds") or DURATION)
        if not (mine or expired or not spec.get("holderIdentity")):
            return False
        transitions = int(spec.get("leaseTransitions") or 0) + (not mine)
        spec.update(self._spec(transitions))
        return self._write(self._connection.put, f"{self._path}/{self._name}", lease)

    def release(self) -> None:
        """Give the lease up, so that another one need not wait. Failures do not matter."""
        try:
            path = f"{self._path}/{self._name}"
            lease = msgspec.json.decode(self._connection.get(path))
            if lease["spec"].get("holderIdentity") == self._identity:
                lease["spec"]["holderIdentity"] = ""
                self._connection.put(path, lease)
        except ApiError:
            return

    def _write(self, send: Callable[[str, object], bytes], path: str, lease: Any) -> bool:  # noqa: ANN401 - JSON
        """Send a lease with its version; somebody who was quicker has it then."""
        try:
            written = msgspec.json.decode(send(path, lease))
        except ApiError as error:
            if error.status == 409:
                return False
            raise
        self._seen, self._seen_at = written["metadata"]["resourceVersion"], self._clock()
        self.epoch = int(written["spec"].get("leaseTransitions") or 0)
        return True

    def _fresh(self) -> dict[str, Any]:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": self._spec(0),
        }

    def _spec(self, transitions: int) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": DURATION,
            "renewTime": now,
            "leaseTransitions": transitions,
        }
