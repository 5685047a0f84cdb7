"""Real parts that tests run against, one small class a service. Each starts private, in a temporary folder, and ends."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

GIVEN_POSTGRES = "SOPHUONG_TEST_POSTGRES"


class PostgresServer:
    """PostgreSQL: the one that SOPHUONG_TEST_POSTGRES names, else a private one made by initdb in a temporary folder.

    ``url`` is a database of this object alone; ``new_database()`` makes more. Durability is off, unless asked for: these
    tests pull no plug.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        self._folder: Path | None = None
        self._admin = ""
        self._made: list[str] = []
        self.url = ""

    @property
    def data(self) -> Path | None:
        """Its folder; None of a server that was given."""
        return self._folder / "data" if self._folder else None

    @staticmethod
    def binaries() -> Path | None:
        """Folder of the newest initdb on this machine, or None."""
        found = shutil.which("initdb")
        if found:
            return Path(found).parent
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
        return next((p for p in reversed(folders) if (p / "initdb").exists()), None)

    @classmethod
    def available(cls) -> bool:
        return bool(os.environ.get(GIVEN_POSTGRES)) or cls.binaries() is not None

    def start(self) -> PostgresServer:
        self._admin = os.environ.get(GIVEN_POSTGRES) or self._start_private()
        self.url = self.new_database()
        return self

    def new_database(self) -> str:
        """URL of an empty database."""
        import psycopg

        name = f"sophuong_{secrets.token_hex(6)}"
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        self._made.append(name)
        return urlunsplit(urlsplit(self._admin)._replace(path=f"/{name}"))

    def stop(self) -> None:
        if self._folder is None:
            self._drop_all()
            return
        self._as_postgres("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    def _drop_all(self) -> None:
        import psycopg

        with psycopg.connect(self._admin, autocommit=True) as connection:
            for name in self._made:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._made = []

    def _start_private(self) -> str:
        memory = None if self._durable else _memory()
        self._folder = Path(tempfile.mkdtemp(prefix="sophuong-pg-", dir=memory))
        self._folder.chmod(0o755)
        data = self._folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            os.chown(data, user.pw_uid, user.pw_gid)
        port = _free_port()
        self._as_postgres("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c max_connections=60"
        options += "" if self._durable else " -c fsync=off"
        log = self._folder / "log"
        self._as_postgres("pg_ctl", "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        return f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def _as_postgres(self, program: str, *arguments: str) -> None:
        """PostgreSQL refuses to run as root."""
        folder = self.binaries()
        if folder is None:
            raise FileNotFoundError("initdb: install PostgreSQL")
        user = "postgres" if os.geteuid() == 0 else None
        command = [str(folder / program), *arguments]
        done = subprocess.run(
            command, user=user, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    def __enter__(self) -> PostgresServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _memory() -> str | None:
    """A folder in memory where there is plenty: each database is 8 MB, and some hundred are made beside what else writes."""
    shm = "/dev/shm"  # noqa: S108 (mkdtemp makes a folder of its own there)
    return shm if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 8 << 30 else None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def gateway_process(url: str, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The city as it really runs, a process of its own (several with ``--processes``): its address, and the process."""
    command = [sys.executable, "-m", "sync.gateway", "serve", "--database", url, "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUTF8": "1"})
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process
    finally:
        process.terminate()
        process.wait()
