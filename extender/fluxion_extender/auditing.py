"""Looking now and then whether the scheduler still knows what the API server has."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from fluxion_extender.decisions.audit import Difference, accept, check_books, compare, repair
from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.kube.connection import ApiError, Connection
from fluxion_extender.kube.resources import NODES, PODS
from fluxion_extender.kube.watcher import read_all

BOOKS_EVERY = 60.0
OBJECTS_EVERY = 5
"""Every so many checks of the books the objects are compared as well: lists are dear."""
AGAIN_AFTER = 3.0
"""Seconds in which news on their way arrive."""
MOST = 100
"""Differences that are kept to be shown."""
log = logging.getLogger("fluence.audit")


class Auditor:
    """Checks in a thread of its own, and puts right what it finds wrong.

    `last` has what the last check found, `counts` how much in all.
    """

    def __init__(
        self,
        connection: Connection,
        scheduler: Scheduler,
        lock: threading.RLock,
        settled: Callable[[], None],
        clock: Callable[[], float],
        counts: Counter[str],
        stopped: threading.Event,
    ) -> None:
        self.last: Sequence[Difference] = ()
        self._connection, self._scheduler, self._lock = connection, scheduler, lock
        self._settled, self._clock = settled, clock
        self._counts, self._stopped = counts, stopped

    def start(self) -> None:
        """Check from now on."""
        threading.Thread(target=self._run, name="auditor", daemon=True).start()

    def _run(self) -> None:
        turn = 0
        while not self._stopped.wait(BOOKS_EVERY):
            turn += 1
            try:
                found = self.check_objects() if turn % OBJECTS_EVERY == 0 else []
                self.last = [*found, *self.check_books()][:MOST]
                self._counts["checks"] += 1
            except ApiError as error:
                log.info("not compared: %s", error)
            except Exception:
                log.exception("check")
                self._counts["internal_errors"] += 1

    def check_books(self) -> list[Difference]:
        """Return the nodes whose books were wrong; they are right then."""
        with self._lock:
            found = list(check_books(self._scheduler))
            for name in dict.fromkeys(each.name for each in found):
                repair(self._scheduler, name, self._clock())
            self._settled()
        return self._told(found, "book_errors")

    def check_objects(self) -> list[Difference]:
        """Return the nodes and pods that were not known as they are; they are then.

        Raises `ApiError`.
        """
        first = set(self._compared())
        if not first or self._stopped.wait(AGAIN_AFTER):
            return []
        found = [each for each in self._compared() if each in first]
        with self._lock:
            accept(self._scheduler, found, self._clock())
            self._settled()
        return self._told(found, "mirror_errors")

    def _compared(self) -> list[Difference]:
        nodes = read_all(self._connection, NODES)
        pods = read_all(self._connection, PODS)
        if nodes is None or pods is None:
            return []
        with self._lock:
            return list(compare(self._scheduler, nodes[0], pods[0], nodes[1]))

    def _told(self, found: list[Difference], count: str) -> list[Difference]:
        self._counts[count] += len(found)
        if found:
            log.error("%d differences, put right; the first: %s", len(found), found[0])
        return found
