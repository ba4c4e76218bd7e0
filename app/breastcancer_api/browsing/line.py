"""A line to a server that a test can hold and cut."""

import socket
import struct
from contextlib import suppress
from threading import Condition, Thread
from urllib.parse import urlsplit

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing tells the other side that the line is broken
PORTION = 65536  # bytes


class Line:
    """Carries bytes between those who connect to ``url`` and a server. A connection over which ``after`` bytes have
    gone up is held, or broken, until ``free``."""

    def __init__(self, server: str):
        self.server = (urlsplit(server).hostname, urlsplit(server).port)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.changed, self.after, self.breaks = Condition(), None, False
        self.mute, self.broken = False, 0  # connections broken so far
        Thread(target=self._accept, daemon=True).start()

    def hold(self, after: int) -> None:
        self._set(after, breaks=False)

    def cut(self, after: int) -> None:
        self._set(after, breaks=True)

    def cut_answers(self) -> None:
        """What goes up arrives; before an answer comes down the line breaks."""
        self.mute = True

    def free(self) -> None:
        self.mute = False
        self._set(None, breaks=False)

    def close(self) -> None:
        self.free()
        self.listening.close()

    def _set(self, after: int | None, breaks: bool) -> None:
        with self.changed:
            self.after, self.breaks = after, breaks
            self.changed.notify_all()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self.listening.accept()
                far = socket.create_connection(self.server)
                Thread(target=self._up, args=(near, far), daemon=True).start()
                Thread(target=self._down, args=(near, far), daemon=True).start()

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        carried = 0
        with suppress(OSError), near, far:
            while portion := near.recv(PORTION):
                carried += len(portion)
                if not self._passes(carried):
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    break
                far.sendall(portion)
            far.shutdown(socket.SHUT_RDWR)  # closing alone does not wake the thread that reads from it

    def _passes(self, carried: int) -> bool:
        """False where the line is cut; waits while it is held."""
        with self.changed:
            self.changed.wait_for(lambda: self.breaks or self.after is None or carried <= self.after)
            cut = self.breaks and carried > self.after
            self.broken += cut
            return not cut

    def _down(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while portion := far.recv(PORTION):
                if self.mute:
                    break
                near.sendall(portion)
            near.shutdown(socket.SHUT_RDWR)
