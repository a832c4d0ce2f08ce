"""etcd, kube-apiserver, kube-scheduler and kube-controller-manager as local processes."""

import json
import subprocess
from collections.abc import Iterable
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPException
from pathlib import Path

from tests.kube.rig.api import NODES, PODS, Api, ApiError, Json
from tests.kube.rig.processes import Process, free_ports, wait_until

ADMIN, SERVICE = "admin-token", "service-token"
SERVICE_USER = "fluence"
ISSUER = "https://kubernetes.default.svc"
# Not the node lifecycle controller: nodes without kubelets have no leases and would be NotReady.
CONTROLLERS = (
    "job-controller",
    "garbage-collector-controller",
    "pod-garbage-collector-controller",
    "taint-eviction-controller",
    "namespace-controller",
)
# ServiceAccount wants an account that only a controller makes; the other taints each new node
# until a controller takes the taint away.
WITHOUT_ADMISSION = "ServiceAccount,TaintNodesByCondition"
# A pod that an extender refused would be tried again without waiting (extender-api.md 7).
GATES = "SchedulerPopFromBackoffQ=false"


class ControlPlane:
    """One control plane in a folder. All listens on the loopback address, on free ports."""

    def __init__(
        self,
        binaries: Path,
        folder: Path,
        authorization: str = "AlwaysAllow",
        audited: str | None = None,
    ) -> None:
        """`audited` names a user whose requests are written to `audit_log`, a JSON each line."""
        self.binaries, self.folder = binaries, folder
        self.audit_log = folder / "audit.jsonl"
        self._ports = dict(
            zip(
                ("etcd", "peer", "apiserver", "scheduler", "manager"),
                free_ports(5),
                strict=True,
            )
        )
        self.api = Api(self._ports["apiserver"], ADMIN)
        self.kubeconfig = self._kubeconfig(ADMIN)
        self.service_kubeconfig = self._kubeconfig(SERVICE)
        self._credentials()
        self.etcd = self._process("etcd", self._etcd())
        self.apiserver = self._process(
            "kube-apiserver", [*self._apiserver(authorization), *self._audit(audited)]
        )
        self.manager = self._process("kube-controller-manager", self._manager())
        self.scheduler = self._process("kube-scheduler", [])

    # ---- the life of it ----

    def start(self) -> None:
        """Start all but the scheduler, which wants a configuration."""
        self.etcd.start()
        self.start_apiserver()
        self.manager.start()

    def start_apiserver(self) -> None:
        """Start the API server and wait until it is ready."""
        self.apiserver.start()
        ready = partial(_is_ready, self.apiserver, self.api)
        wait_until(ready, "the API server is ready", 60, 0.1)

    def start_scheduler(self, configuration: Path, gates: str = GATES) -> None:
        """Start kube-scheduler with a KubeSchedulerConfiguration; wait until it is healthy."""
        self.scheduler = self._process("kube-scheduler", self._scheduler(configuration, gates))
        self.scheduler.start()
        with closing(Api(self._ports["scheduler"], "")) as probe:
            ready = partial(_is_ready, self.scheduler, probe)
            wait_until(ready, "kube-scheduler is ready", 30, 0.1)

    def stop(self) -> None:
        """Stop everything."""
        for process in reversed(self.processes()):
            process.kill()  # nothing of it is kept
        self.api.close()

    def processes(self) -> list[Process]:
        """Return the processes, in the order of their start."""
        return [self.etcd, self.apiserver, self.manager, self.scheduler]

    # ---- what is in it ----

    def add_nodes(self, nodes: Iterable[Json]) -> None:
        """Create nodes."""
        for node in nodes:
            self.api.create(NODES, node)

    def clean(self) -> None:
        """Remove the jobs, the pods and the nodes of a test, and every lease."""
        paths = ["/apis/batch/v1/namespaces/default/jobs", "/api/v1/namespaces/default/pods", NODES]
        paths += [f"{path}/namespaces/default/{kind}" for path, kind in self._custom_kinds()]
        for path in paths:
            self.api.delete(path)
        self.api.delete("/apis/coordination.k8s.io/v1/namespaces/default/leases")
        wait_until(lambda: not self.api.items(PODS), "the pods of the test are gone", 60)
        wait_until(lambda: not self.api.items(NODES), "the nodes of the test are gone", 60)

    def _custom_kinds(self) -> list[tuple[str, str]]:
        found = self.api.items("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
        return [
            (f"/apis/{kind['spec']['group']}/{version['name']}", kind["spec"]["names"]["plural"])
            for kind in found
            for version in kind["spec"]["versions"][:1]
        ]

    # ---- files and arguments ----

    def _process(self, name: str, arguments: list[str]) -> Process:
        return Process(name, [str(self.binaries / name), *arguments], self.folder)

    def _credentials(self) -> None:
        key, public = self.folder / "sa.key", self.folder / "sa.pub"
        make = ["openssl", "genrsa", "-out", str(key), "2048"]
        subprocess.run(make, check=True, capture_output=True)
        extract = ["openssl", "rsa", "-in", str(key), "-pubout", "-out", str(public)]
        subprocess.run(extract, check=True, capture_output=True)
        (self.folder / "tokens.csv").write_text(
            f'{ADMIN},admin,admin,"system:masters"\n'
            f'{SERVICE},{SERVICE_USER},{SERVICE_USER},"{SERVICE_USER}"\n'
        )

    def _kubeconfig(self, token: str) -> Path:
        # The API server signs its certificate itself and writes down who signed.
        signed = self.folder / "certificates" / "apiserver.crt"
        cluster = {"server": self.api.url, "certificate-authority": str(signed)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "rig",
            "clusters": [{"name": "rig", "cluster": cluster}],
            "users": [{"name": "rig", "user": {"token": token}}],
            "contexts": [{"name": "rig", "context": {"cluster": "rig", "user": "rig"}}],
        }
        path = self.folder / f"{token}.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"

    def _etcd(self) -> list[str]:
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={self._url('etcd')}",
            f"--listen-peer-urls={self._url('peer')}",
        ]

    def _apiserver(self, authorization: str) -> list[str]:
        return [
            f"--etcd-servers={self._url('etcd')}",
            f"--secure-port={self._ports['apiserver']}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={self.folder / 'certificates'}",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={self.folder / 'sa.pub'}",
            f"--service-account-signing-key-file={self.folder / 'sa.key'}",
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            f"--authorization-mode={authorization}",
            f"--disable-admission-plugins={WITHOUT_ADMISSION}",
            "--max-requests-inflight=3000",
            "--max-mutating-requests-inflight=1000",
            "--v=1",
        ]

    def _audit(self, user: str | None) -> list[str]:
        if user is None:
            return []
        policy = {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}],
        }
        path = self.folder / "audit-policy.json"
        path.write_text(json.dumps(policy))
        return [f"--audit-policy-file={path}", f"--audit-log-path={self.audit_log}"]

    def _manager(self) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig}",
            f"--secure-port={self._ports['manager']}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self.folder / 'manager-certificates'}",
            "--leader-elect=false",
            f"--service-account-private-key-file={self.folder / 'sa.key'}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--kube-api-qps=500",
            "--kube-api-burst=500",
            "--v=1",
        ]

    def _scheduler(self, configuration: Path, gates: str) -> list[str]:
        return [
            f"--config={configuration}",
            f"--secure-port={self._ports['scheduler']}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self.folder / 'scheduler-certificates'}",
            "--authentication-skip-lookup=true",
            "--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics",
            *([f"--feature-gates={gates}"] if gates else []),
            "--v=2",
        ]


def _is_ready(process: Process, api: Api) -> bool:
    assert process.alive(), f"{process.name} ended:\n{process.tail()}"
    with suppress(OSError, HTTPException, ApiError):
        return api.text("/readyz") == "ok"
    return False
