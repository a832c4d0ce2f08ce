"""One client: lines in, a bounded outbox, the events that it watches."""

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, cast

import msgspec

from fluxion_py.server.messages import MAX_ANSWER, MAX_LINE, Answer, Problem

if TYPE_CHECKING:
    from fluxion_py.server.server import Server

OUTBOX = 256 * 1024
"""Bytes that wait for a client before it gets no more, and is asked for no more."""

CUT_OFF_AFTER = 30.0
"""Seconds for which a client may take nothing while something waits for it."""

MAX_WAITING = 1000
"""Lines of a client that may wait to be obeyed before it is read no further."""

MAX_WATCHES = 16

_encode = msgspec.json.Encoder().encode


class Watched:
    """The events after `cursor`, of one job or (None) of all, that a client waits for."""

    __slots__ = ("cursor", "id", "job")

    def __init__(self, id: int | str, job: int | None, cursor: int) -> None:
        self.id = id
        self.job = job
        self.cursor = cursor


class Session(asyncio.Protocol):
    """Belongs to one connection; the server asks it for lines and hands it answers."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.user = -1
        self.lines: deque[bytes] = deque()
        self.watched: list[Watched] = []
        self.full = False
        self._rest = bytearray()
        self._out = bytearray()
        self._half_closed = False
        self._cut_off: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    # ---- what asyncio calls ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or refuse it: too many, or of another user."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=OUTBOX)
        self.user = _peer(transport.get_extra_info("socket"))
        refusal = self.server.admit(self)
        if refusal:
            self.refuse(refusal)

    def data_received(self, data: bytes) -> None:
        """Cut what comes into lines."""
        first, newline, rest = data.partition(b"\n")
        self._rest += first
        if newline:
            *whole, last = rest.split(b"\n")
            self.lines.append(bytes(self._rest))
            self.lines.extend(whole)
            self._rest = bytearray(last)
        longest = max(map(len, self.lines), default=0) if newline else 0
        if max(len(self._rest), longest) > MAX_LINE:
            self.refuse(f"a message is longer than {MAX_LINE} bytes")
            return
        self._steer()
        if self.lines:
            self.server.ready(self)

    def eof_received(self) -> bool:
        """Keep a half-closed connection until it has its answers."""
        self._half_closed = True
        if self._rest:
            self.lines.append(bytes(self._rest))
            self._rest.clear()
        self.server.ready(self)
        return True

    def pause_writing(self) -> None:
        """Give a client that takes nothing some time, and no work meanwhile."""
        self.full = True
        self._steer()
        loop = asyncio.get_running_loop()
        self._cut_off = loop.call_later(self.server.cut_off_after, self.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self.full = False
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None
        self._steer()
        self.server.ready(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        self._transport = None
        self.lines.clear()
        self.watched.clear()
        if self._cut_off is not None:
            self._cut_off.cancel()
        self.server.left(self)

    # ---- what the server calls ----

    @property
    def open(self) -> bool:
        """Whether something may still be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, answer: Answer) -> None:
        """Put an answer into the outbox."""
        if not self.open or self._transport is None:
            return
        data = _encode(answer)
        if len(data) > MAX_ANSWER:
            problem = Problem("input", f"the answer has {len(data)} bytes; ask for less")
            data = _encode(Answer(answer.id, error=problem))
        if not self._out:
            self.server.has_output(self)
        self._out += data
        self._out += b"\n"

    def flush(self) -> None:
        """Hand over what was sent so far."""
        if self._out and self.open and self._transport is not None:
            self._transport.write(bytes(self._out))
        self._out.clear()

    def take_line(self) -> bytes | None:
        """Return the next line to be obeyed; None if there is none, or the outbox is full."""
        if self.full or not self.lines or not self.open:
            return None
        line = self.lines.popleft()
        if not self.lines:
            self._steer()
        return line

    def finish(self) -> None:
        """Close a half-closed connection that waits for nothing more."""
        if self._half_closed and not self.lines and not self.watched and self._transport:
            self.flush()
            self._transport.close()

    def refuse(self, message: str) -> None:
        """Say what is wrong, and hang up."""
        self.lines.clear()
        self._rest.clear()
        self.send(Answer(error=Problem("refused", message)))
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    def _steer(self) -> None:
        """Read on, or let the client wait."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._half_closed:
            return
        if self.full or len(self.lines) > MAX_WAITING:
            transport.pause_reading()
        else:
            transport.resume_reading()


def _peer(connection: socket.socket) -> int:
    """Return the user at the other end."""
    size = struct.calcsize("3i")
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", data)[1])
