"""What an instance was started with: kept in its journal, for its next life."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from fluxion_py.errors import InputError
from fluxion_py.instances.journal import Journal

MAX_FILE = 2**20
"""The largest file of queues, in bytes."""


class Setting(msgspec.Struct):
    """Options of `start`; `queues` as for `QueueConfig.from_dict`.

    `inside` is the job of another instance that this one is a part of.
    """

    policy: str = "low"
    queues: list[dict[str, Any]] = msgspec.field(
        default_factory=lambda: [{"name": "default", "policy": "easy"}]
    )
    housekeeping: str = ""
    release_after: str = "0"
    grace: str = "5s"
    name: str = ""
    inside: str = ""

    def to_json(self) -> str:
        """Return the text that `read_setting` reads back."""
        return msgspec.json.encode(self).decode()


def read_setting(arguments: Namespace, journal: Path) -> Setting:
    """Return the setting of an earlier life, if there is one, with what the options change."""
    setting = _kept(journal)
    for name in ("policy", "housekeeping", "release_after", "grace", "name"):
        given = getattr(arguments, name)
        if given is not None:
            setattr(setting, name, given)
    if arguments.queues and arguments.queue_policy:
        raise InputError("--queues and --queue-policy do not go together")
    if arguments.queues:
        setting.queues = read_queues(arguments.queues)
    elif arguments.queue_policy:
        setting.queues = [{**queue, "policy": arguments.queue_policy} for queue in setting.queues]
    return setting


def _kept(path: Path) -> Setting:
    if not path.exists():
        return Setting()
    journal = Journal(path)
    try:
        text = journal.meta("setting")
    finally:
        journal.close()
    try:
        return msgspec.json.decode(text, type=Setting) if text else Setting()
    except msgspec.MsgspecError:
        return Setting()


def read_queues(path: str) -> list[dict[str, Any]]:
    """Return the queues of a TOML, YAML or JSON file. Raises `InputError`, `OSError`."""
    with open(path, "rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise InputError(f"has more than {MAX_FILE} bytes", source=path)
    try:
        text = data.decode()
        if path.endswith(".toml"):
            import tomllib

            document: Any = tomllib.loads(text)
        else:
            import yaml

            document = yaml.safe_load(text)
    except Exception as error:
        line = str(error).splitlines()[0] if str(error) else "no text"
        raise InputError(f"cannot be read: {line}", source=path) from None
    tables = document.get("queues") if isinstance(document, Mapping) else None
    if not isinstance(tables, Mapping) or not tables:
        raise InputError(
            "has no queues", source=path, hint="[queues.batch] with policy, limits, requires"
        )
    found = []
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise InputError("is no table", source=path, where=f"queues.{name}")
        found.append({"name": str(name), **table})
    return found
