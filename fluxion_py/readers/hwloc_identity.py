"""The identity of the physical machine that a hwloc text describes.

Two containers on one host each see the whole host; their texts must not become two nodes.
"""

from hashlib import sha256

from fluxion_py.errors import ReadError
from fluxion_py.readers.xml_text import Element, parse_xml

_IDENTITY_INFOS = ("DMIProductUUID", "DMIProductSerial", "DMIBoardSerial")


def machine_id(text: str, source: str | None = None) -> str:
    """Return 16 hex digits that are equal for two hwloc texts of one physical machine.

    Taken from the first of these that the text has: product UUID, product or board serial number,
    the GUIDs of its InfiniBand adapters, the serial numbers of its disks, the host name.
    """
    return machine_id_of(parse_topology(text, source), source)


def machine_id_of(topology: Element, source: str | None) -> str:
    """Return the machine id of a parsed text; see `machine_id`."""
    machine = infos_of(_first_object(topology, source))
    identity = next((machine[key] for key in _IDENTITY_INFOS if machine.get(key)), "")
    if not identity:
        devices = _device_infos(topology)
        for key in ("NodeGUID", "SerialNumber"):
            identity = identity or " ".join(sorted(set(devices.get(key, ()))))
    identity = identity or machine.get("HostName", "")
    if not identity:
        raise ReadError("nothing identifies the machine (no HostName, no serial)", source=source)
    return sha256(identity.encode()).hexdigest()[:16]


def parse_topology(text: str, source: str | None) -> Element:
    """Return the <topology> element of a hwloc text."""
    topology = parse_xml(text, source)
    if topology.tag != "topology":
        raise ReadError(
            f"the root element is <{topology.tag}>, not <topology>",
            source=source,
            line=topology.line,
            column=topology.column,
        )
    _first_object(topology, source)
    return topology


def _first_object(topology: Element, source: str | None) -> Element:
    first = next(topology.named("object"), None)
    if first is None:
        raise ReadError("<topology> has no <object>", source=source, line=topology.line)
    return first


def infos_of(element: Element) -> dict[str, str]:
    """Return the <info> names and values of an object."""
    return {
        info.attributes.get("name", ""): info.attributes.get("value", "")
        for info in element.named("info")
    }


def _device_infos(topology: Element) -> dict[str, list[str]]:
    """Return the infos of all OS devices, by name."""
    found: dict[str, list[str]] = {}
    stack = [topology]
    while stack:
        element = stack.pop()
        stack += element.named("object")
        if element.attributes.get("type") == "OSDev":
            for key, value in infos_of(element).items():
                found.setdefault(key, []).append(value)
    return found
