"""A line that counts what goes over it, both ways, headers and all. A program of its own, so that it takes no turn from a
client of Python: ``counting_proxy.py PORT`` forwards to a port of this machine, says its own (``{"port": …}``), and answers each
line with what it has counted (``{"bytes": …}``)."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading


class CountingProxy:
    """Forwards ``port`` to a port of this machine; ``bytes`` counts both directions."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.bytes = 0
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                for a, b in ((near, far), (far, near)):
                    a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=self._forward, args=(a, b), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with self._lock:
                    self.bytes += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def main() -> None:
    proxy = CountingProxy(int(sys.argv[1]))
    print(json.dumps({"port": proxy.port}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"bytes": proxy.bytes}), flush=True)


if __name__ == "__main__":
    main()
