"""One item of the operating system's vault, asked for directly.

``keyring`` looks at every backend of every system before it asks the right one, which takes a start 60 to 100 ms. This asks
the Secret Service of Linux over D-Bus, in the one round of questions that it takes, and Windows' own backend without the
search. It only reads; whatever stands in the way, the answer is None and ``keyring`` is asked.

The secret crosses the session bus as it is ("plain" in the Secret Service specification): that socket belongs to the
officer's account, and whoever can listen on it can ask the vault himself.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_NAME = "org.freedesktop.secrets"
_INTERFACE = "org.freedesktop.Secret"
_SERVICE = ("/org/freedesktop/secrets", "Service")
_TIMEOUT = 3.0  # seconds for an answer; a vault that thinks longer asks its owner something


def read_item(service: str, item: str) -> str | None:
    """The secret, or None when it was not found quickly."""
    if "keyring" in sys.modules or os.environ.get("PYTHON_KEYRING_BACKEND"):
        return None  # somebody chose a backend, and it costs nothing any more
    try:
        if sys.platform == "win32":
            return _from_credential_locker(service, item)
        if sys.platform.startswith("linux") and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            return _from_secret_service(service, item)
    except Exception:  # no bus, no service, a locked collection, a missing part: keyring says what is wrong
        return None
    return None


def _from_credential_locker(service: str, item: str) -> str | None:
    from importlib import import_module

    backend = import_module("keyring.backends.Windows").WinVaultKeyring()
    found: str | None = backend.get_password(service, item)
    return found


def _from_secret_service(service: str, item: str) -> str | None:
    from jeepney.io.blocking import open_dbus_connection

    with open_dbus_connection() as bus:
        wanted = {"service": service, "username": item}
        unlocked, _locked = _ask(bus, _SERVICE, "SearchItems", "a{ss}", wanted)
        if not unlocked:
            return None
        _, session = _ask(bus, _SERVICE, "OpenSession", "sv", "plain", ("s", ""))
        ((_session, _parameters, value, _kind),) = _ask(bus, (unlocked[0], "Item"), "GetSecret", "o", session)
        return bytes(value).decode()


def _ask(bus: Any, whom: tuple[str, str], method: str, signature: str, *values: Any) -> Any:
    """The body of the answer; ``whom`` is path and interface. Raises DBusErrorResponse, TimeoutError."""
    from jeepney import DBusAddress, new_method_call
    from jeepney.wrappers import unwrap_msg

    path, interface = whom
    address = DBusAddress(path, bus_name=_NAME, interface=f"{_INTERFACE}.{interface}")
    return unwrap_msg(bus.send_and_get_reply(new_method_call(address, method, signature, values), timeout=_TIMEOUT))
