"""Manifests in files: YAML or JSON, one or many, also what `kubectl get -o json` prints."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from fluxion_extender.groups.identity import Ref
from fluxion_extender.objects.meta import Struct
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import (
    ConfigMap,
    Job,
    JobSet,
    LeaderWorkerSet,
    MPIJob,
    PodGroup,
    Workload,
)
from fluxion_py.errors import InputError, short

MAX_BYTES = 256 * 2**20
WORKLOADS: dict[str, type[Workload]] = {
    "Job": Job,
    "JobSet": JobSet,
    "PodGroup": PodGroup,
    "LeaderWorkerSet": LeaderWorkerSet,
    "MPIJob": MPIJob,
    "ConfigMap": ConfigMap,
}
T = TypeVar("T", bound=Struct)


def read_documents(path: str) -> list[dict[str, Any]]:
    """Return the objects of a file, those of lists one by one. Raises `InputError`, `OSError`."""
    file = Path(path)
    if file.stat().st_size > MAX_BYTES:
        raise InputError("the file is too long", source=path, hint=f"at most {MAX_BYTES} bytes")
    data = file.read_bytes()
    try:
        documents: Iterable[Any] = [msgspec.json.decode(data)]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        documents = _yaml(data, path)
    except RecursionError:
        raise InputError("nested too deeply", source=path) from None
    return [each for document in documents for each in _flat(document, path)]


def _yaml(data: bytes, path: str) -> list[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return [each for each in yaml.load_all(data, loader) if each is not None]
    except RecursionError:
        raise InputError("nested too deeply", source=path) from None
    except yaml.YAMLError as error:
        text = " ".join(str(error).split())
        raise InputError(f"neither JSON nor YAML: {text[:200]}", source=path) from None


def _flat(document: Any, path: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    if not isinstance(document, dict):
        raise InputError(f"{short(document)} is no Kubernetes object", source=path)
    kind = document.get("kind")
    if isinstance(document.get("items"), list) and (kind is None or str(kind).endswith("List")):
        for item in document["items"]:
            if isinstance(item, dict):
                yield {"kind": str(kind or "List").removesuffix("List"), **item}
    elif isinstance(kind, str):
        yield document
    else:
        raise InputError("an object without a kind", source=path, hint="kind: Job, Pod, Node, ...")


def convert(document: dict[str, Any], kind: type[T], path: str) -> T:
    """Return a document as a typed object. Raises `InputError` with the place of a mistake."""
    metadata = document.setdefault("metadata", {})
    if isinstance(metadata, dict):
        metadata.setdefault("uid", f"{document['kind']}-{metadata.get('name', '')}")
        stamp = metadata.get("creationTimestamp")
        if stamp is not None and not isinstance(stamp, str):  # YAML makes a date of it
            metadata["creationTimestamp"] = str(stamp)
    try:
        return msgspec.convert(document, kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"{document['kind']}: {error}", source=path) from None


def read_nodes(path: str) -> list[Node]:
    """Return the nodes of a file. Raises `InputError` if there are none."""
    documents = read_documents(path)
    nodes = [convert(each, Node, path) for each in documents if each["kind"] == "Node"]
    if not nodes:
        raise InputError("there is no Node in it", source=path, hint="kubectl get nodes -o json")
    return nodes


def read_workloads(path: str) -> tuple[dict[Ref, Workload], list[Pod]]:
    """Return the owners and the pods of a file; other kinds are passed over."""
    owners: dict[Ref, Workload] = {}
    pods: list[Pod] = []
    for document in read_documents(path):
        kind = document["kind"]
        if kind == "Pod":
            pods.append(convert(document, Pod, path))
        elif kind in WORKLOADS:
            found = convert(document, WORKLOADS[kind], path)
            owners[Ref(kind, found.metadata.namespace, found.metadata.name)] = found
    if not pods and all(ref.kind == "ConfigMap" for ref in owners):
        known = ", ".join(["Pod", *(kind for kind in WORKLOADS if kind != "ConfigMap")])
        raise InputError("there is nothing to place in it", source=path, hint=known)
    return owners, pods
