"""Lists and watches of one kind of objects: bookmarks, resyncs, 410 Gone, lost connections."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from fluxion_extender.kube.connection import ApiError, Connection
from fluxion_extender.kube.resources import Resource
from fluxion_extender.objects.meta import Metadata, Struct

PAGE = 500
WATCH_SECONDS = 300
QUIET_SECONDS = 360.0
"""A watch that says nothing for so long, not even a bookmark, is opened anew."""
PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0)
ABSENT_PAUSE = 60.0

Event = Struct
"""An object that came or changed, or the `Metadata` of one that was deleted."""

log = logging.getLogger("fluence.watch")


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Bare(msgspec.Struct):
    metadata: Metadata


class _Fault(msgspec.Struct):
    code: int = 0
    message: str = ""


class Watcher:
    """Follows one kind of objects in a thread of its own, for ever.

    `news(events)` is told what came, changed or went, in order; `listed(all)` everything there is
    after a list: what is not in it is gone. Both may be told the same twice. An object that cannot
    be decoded is left out, and logged.
    """

    def __init__(
        self,
        connection: Connection,
        resource: Resource,
        listed: Callable[[list[Any]], None],
        news: Callable[[list[Event]], None],
    ) -> None:
        self.resource = resource
        self.restarts = 0
        self._connection = connection
        self._listed, self._news = listed, news
        self._version = ""
        self._decoder = msgspec.json.Decoder(resource.type)
        self._stopped = threading.Event()

    def read(self) -> list[Any] | None:
        """Read all objects; None if the API server does not know the kind. Raises `ApiError`."""
        found = read_all(self._connection, self.resource)
        if found is None:
            return None
        objects, self._version = found
        return objects

    def start(self) -> None:
        """Watch from the last list on, in a thread."""
        name = f"watch-{self.resource.plural}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def stop(self) -> None:
        """End at the next message."""
        self._stopped.set()

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                if not self._version:
                    objects = self.read()
                    if objects is None:
                        self._stopped.wait(ABSENT_PAUSE)
                        continue
                    self.restarts += 1
                    self._listed(objects)
                self._watch()
                failures = 0
            except ApiError as error:
                if error.status == 410:
                    self._version = ""
                    continue
                log.info("watch of %s: %s", self.resource.plural, error)
                self._stopped.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
            except Exception:
                log.exception("watch of %s: it starts anew", self.resource.plural)
                self._version = ""
                self._stopped.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1

    def _watch(self) -> None:
        """Follow one watch until it ends."""
        chunks = self._connection.lines(
            self.resource.path,
            QUIET_SECONDS,
            watch=True,
            allowWatchBookmarks=True,
            resourceVersion=self._version,
            timeoutSeconds=WATCH_SECONDS,
        )
        for lines in chunks:
            if self._stopped.is_set():
                return
            self._take([msgspec.json.decode(line, type=_Line) for line in lines if line])

    def _take(self, lines: list[_Line]) -> None:
        """Tell of everything that came at once."""
        events: list[Event] = []
        version = self._version
        fault = None
        for line in lines:
            if line.type == "ERROR":
                fault = msgspec.json.decode(line.object, type=_Fault)
                break
            if line.type in ("DELETED", "BOOKMARK"):
                metadata = msgspec.json.decode(line.object, type=_Bare).metadata
                if line.type == "DELETED":
                    events.append(metadata)
            else:
                found = self._decode(line.object)
                if found is None:
                    continue
                events.append(found)
                metadata = found.metadata
            version = metadata.resource_version or version
        if events:
            self._news(events)
        self._version = version
        if fault is not None:
            raise ApiError(fault.code, fault.message)

    def _decode(self, raw: msgspec.Raw) -> Any:  # noqa: ANN401 - the type of the resource
        return _decoded(self._decoder, raw, self.resource)


def read_all(
    connection: Connection, resource: Resource, **query: str | int | bool
) -> tuple[list[Any], str] | None:
    """Return all objects of a kind, read page by page, and their version.

    None if the API server does not know the kind. Raises `ApiError`.
    """
    decoder = msgspec.json.Decoder(resource.type)
    found: list[Any] = []
    token = ""
    while True:
        try:
            body = connection.get(resource.path, limit=PAGE, **query, **_continued(token))
        except ApiError as error:
            if error.status in (404, 403) and resource.optional:
                return None
            if error.status == 410 and token:  # the pages have expired: from the start
                found, token = [], ""
                continue
            raise
        page = msgspec.json.decode(body, type=_List)
        items = (_decoded(decoder, raw, resource) for raw in page.items or ())
        found += filter(None, items)
        token = page.metadata.continue_
        if not token:
            return found, page.metadata.resource_version


def _continued(token: str) -> dict[str, str]:
    return {"continue": token} if token else {}


def _decoded(decoder: Any, raw: msgspec.Raw, resource: Resource) -> Any:  # noqa: ANN401
    try:
        return decoder.decode(raw)
    except msgspec.MsgspecError as error:
        log.warning("an object of %s is left out: %s", resource.plural, error)
        return None
