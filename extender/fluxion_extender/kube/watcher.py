"""Lists and watches of one kind of objects: bookmarks, resyncs, 410 Gone, lost connections."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

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

T = TypeVar("T", bound=Struct)
log = logging.getLogger("fluence.watch")


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Bare(msgspec.Struct):
    metadata: Metadata


class _Fault(msgspec.Struct):
    code: int = 0
    message: str = ""


class Watcher(Generic[T]):
    """Follows one kind of objects in a thread of its own, for ever.

    `seen(objects)` is told what came or changed, `gone(metadata)` what was deleted, `listed(all)`
    everything there is after a list: what is not in it is gone. All three may be told the same
    twice. An object that cannot be decoded is left out, and logged.
    """

    def __init__(
        self,
        connection: Connection,
        resource: Resource,
        listed: Callable[[list[Any]], None],
        seen: Callable[[list[Any]], None],
        gone: Callable[[Metadata], None],
    ) -> None:
        self.resource = resource
        self.restarts = 0
        self._connection = connection
        self._listed, self._seen, self._gone = listed, seen, gone
        self._version = ""
        self._decoder = msgspec.json.Decoder(resource.type)
        self._stopped = threading.Event()

    def list(self) -> list[Any] | None:
        """Read all objects, page by page; None if the API server does not know the kind."""
        found: list[Any] = []
        token = ""
        while True:
            query: dict[str, str | int | bool] = {"limit": PAGE}
            if token:
                query["continue"] = token
            try:
                body = self._connection.get(self.resource.path, **query)
            except ApiError as error:
                if error.status in (404, 403) and self.resource.optional:
                    return None
                if error.status == 410 and token:  # the pages have expired: from the start
                    found, token = [], ""
                    continue
                raise
            page = msgspec.json.decode(body, type=_List)
            found += filter(None, map(self._decode, page.items or ()))
            token = page.metadata.continue_
            if not token:
                self._version = page.metadata.resource_version
                return found

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
                    objects = self.list()
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
        lines = self._connection.lines(
            self.resource.path,
            QUIET_SECONDS,
            watch=True,
            allowWatchBookmarks=True,
            resourceVersion=self._version,
            timeoutSeconds=WATCH_SECONDS,
        )
        for line in lines:
            if self._stopped.is_set():
                return
            if line:
                self._take(msgspec.json.decode(line, type=_Event))

    def _take(self, event: _Event) -> None:
        if event.type == "ERROR":
            fault = msgspec.json.decode(event.object, type=_Fault)
            raise ApiError(fault.code, fault.message)
        metadata = msgspec.json.decode(event.object, type=_Bare).metadata
        if event.type == "DELETED":
            self._gone(metadata)
        elif event.type != "BOOKMARK":
            found = self._decode(event.object)
            if found is not None:
                self._seen([found])
        self._version = metadata.resource_version or self._version

    def _decode(self, raw: msgspec.Raw) -> Any:  # noqa: ANN401 - the type of the resource
        try:
            return self._decoder.decode(raw)
        except msgspec.MsgspecError as error:
            log.warning("an object of %s is left out: %s", self.resource.plural, error)
            return None
