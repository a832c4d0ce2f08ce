"""Requests over kept connections, against real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fluxion_extender.kube.channels import Channels

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = (
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
)


class Server:
    """Accepts connections and answers each request with the next reply.

    A reply of None closes the connection instead.
    """

    def __init__(self, replies: list[bytes | None]) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self._replies = replies
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while request := self._request(connection):
                self.requests.append(request)
                reply = self._replies.pop(0)
                if reply is None:
                    break
                connection.sendall(reply)
                if self._replies and self._replies[0] is None:
                    self._replies.pop(0)
                    break
        self.closed.release()

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def stop(self) -> None:
        self._listener.close()


@contextmanager
def serving(*replies: bytes | None) -> Iterator[tuple[Server, Channels]]:
    server = Server(list(replies))
    channels = Channels("127.0.0.1", server.port, None, "", 5)
    try:
        yield server, channels
    finally:
        channels.close()
        server.stop()


def test_requests_follow_each_other_on_one_connection() -> None:
    with serving(OK, CHUNKED, OK) as (server, channels):
        assert channels.ask("GET", "/a", {"X": "y"}, None) == (200, b"ok")
        assert channels.ask("POST", "/b", {}, b"{}") == (201, b"abcde")
        assert channels.ask("GET", "/c", {}, None) == (200, b"ok")
        assert server.connections == 1
        host = f"Host: 127.0.0.1:{server.port}\r\n".encode()
        assert server.requests[:2] == [
            b"GET /a HTTP/1.1\r\n" + host + b"X: y\r\n\r\n",
            b"POST /b HTTP/1.1\r\n" + host + b"Content-Length: 2\r\n\r\n{}",
        ]


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    with serving(OK, None, OK) as (server, channels):
        channels.ask("GET", "/", {}, None)
        assert server.closed.acquire(timeout=5)
        assert channels.ask("POST", "/", {}, b"x")[0] == 200
        assert (server.connections, len(server.requests)) == (2, 2)


def test_a_connection_that_is_to_be_closed_is_not_kept() -> None:
    closing = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n", 1)
    with serving(closing, OK) as (server, channels):
        channels.ask("GET", "/", {}, None)
        channels.ask("GET", "/", {}, None)
        assert server.connections == 2


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"220 mail.example.org ESMTP\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_is_an_error_and_the_request_is_not_repeated(
    reply: bytes | None,
) -> None:
    with serving(reply, None) as (server, channels):
        with pytest.raises(OSError, match=r"closed|understood"):
            channels.ask("POST", "/", {}, b"x")
        assert len(server.requests) == 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        Channels("127.0.0.1", port, None, "", 5).ask("GET", "/", {}, None)


def test_several_threads_have_connections_of_their_own() -> None:
    with serving(*[OK] * 40) as (server, channels):
        answers: list[int] = []
        together = threading.Barrier(4)

        def ask() -> None:
            together.wait(5)
            answers.extend(channels.ask("GET", "/", {}, None)[0] for _ in range(10))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert answers == [200] * 40
        assert server.connections <= 4
