"""Who this hub is to the city: its token, its key, and the certificate the city issued for it."""

from __future__ import annotations

import secrets
import socket
import ssl
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from sync.clock import Clock, moment_text, parse_moment
from sync.http import LineSettings, enrol
from sync.hub.messages import CertificateAnswer, CertificateRequest
from sync.hub.secrets_at_rest import keep, kept, private_folder
from sync.protocol import SyncError

if TYPE_CHECKING:
    from sync.http_line import Line

_FILE, CITY_CA = "identity", "city-ca.pem"
_CHAIN, _KEY = "hub.pem", "hub.key"
RENEWED_AFTER = timedelta(days=1)


class Identity(Struct, frozen=True, kw_only=True):
    """``database``: the key of the copy; ``password``: of the private key's file; ``issued_at``: of ``certificate`` (PEM, "":
    none yet); ``trust``: the city's mark when it was issued."""

    url: str
    token: str
    device: str
    wards: dict[str, str]
    database: bytes
    password: str
    key: str = ""
    proxy: str = ""
    certificate: str = ""
    issued_at: str = ""
    trust: bytes = b""

    def settings(self, folder: Path) -> LineSettings:
        ca = folder / CITY_CA
        return LineSettings(ca=ca if ca.exists() else None, proxy=self.proxy)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hex."""
        import hashlib

        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate)).hexdigest() if self.certificate else ""


class HubNotReadyError(Exception):
    """Why this hub cannot serve yet, in two languages."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(f"{vi} ({en})")
        self.vi, self.en = vi, en


def join(folder: Path, url: str, code: str, *, ca: Path | None = None, proxy: str = "", name: str = "") -> Identity:
    """Make this PC the ward's hub by a code of ``gateway hub code``. Raises SyncError, OSError."""
    private_folder(folder)
    if ca is not None:
        (folder / CITY_CA).write_bytes(ca.read_bytes())
    city_ca = folder / CITY_CA
    settings = LineSettings(ca=city_ca if city_ca.exists() else None, proxy=proxy)
    answer = enrol(url, code, name or f"hub {socket.gethostname()}", settings=settings)
    password = secrets.token_urlsafe(32)
    made = Identity(
        url=url,
        token=answer.token,
        device=answer.device,
        wards=answer.wards,
        database=secrets.token_bytes(32),
        password=password,
        key=_new_key(password),
        proxy=proxy,
    )
    write_identity(folder, made)
    return made


def read_identity(folder: Path) -> Identity:
    """Raises HubNotReadyError: nobody made this PC a hub, or its files are of another machine."""
    try:
        content = kept(folder / _FILE)
        if content is not None:
            return msgspec.msgpack.decode(content, type=Identity)
    except (OSError, msgspec.MsgspecError) as error:
        raise HubNotReadyError(
            "Không đọc được đăng ký của máy trung gian; đăng ký lại bằng mã mới: sophuong hub join MÃ.",
            "The hub's enrolment cannot be read; join anew with a new code: sophuong hub join CODE.",
        ) from error
    raise HubNotReadyError(
        "Máy này chưa là máy trung gian: sophuong hub join MÃ --city ĐỊA-CHỈ (mã do thành phố cấp).",
        "This PC is no hub yet: sophuong hub join CODE --city URL (the city gives the code).",
    )


def write_identity(folder: Path, identity: Identity) -> None:
    keep(folder / _FILE, msgspec.msgpack.encode(identity))


def renewed(folder: Path, identity: Identity, line: Line, clock: Clock, trust: bytes = b"") -> Identity:
    """With a certificate of today, where the city can be asked and the present one is a day old, or the city's ``trust`` has
    another mark. Raises SyncError: it could not be asked."""
    if not is_due(identity, clock, trust):
        return identity
    answer = line.ask("POST", "/v1/hub/certificate", CertificateRequest(_request(identity)), CertificateAnswer)
    if answer.certificate.count("BEGIN CERTIFICATE") != 1:
        raise SyncError(
            "damaged",
            "Chứng thư thành phố cấp không đọc được.",
            english="The certificate that the city gave cannot be read.",
        )
    identity = structs.replace(
        identity, certificate=answer.certificate, issued_at=moment_text(clock.now()), trust=answer.trust
    )
    write_identity(folder, identity)
    return identity


def is_due(identity: Identity, clock: Clock, trust: bytes) -> bool:
    if not identity.certificate or (trust and trust != identity.trust):
        return True
    age = clock.now() - parse_moment(identity.issued_at)
    return not timedelta() <= age < RENEWED_AFTER


def load_certificate(context: ssl.SSLContext, folder: Path, identity: Identity) -> None:
    """For connections from now on. Raises OSError, HubNotReadyError."""
    if not identity.certificate:
        raise HubNotReadyError(
            "Máy trung gian chưa có chứng thư của thành phố; cần có mạng một lần.",
            "The hub has no certificate of the city yet; a line is needed once.",
        )
    chain, key = folder / _CHAIN, folder / _KEY
    chain.write_text(identity.certificate, "ascii")
    key.write_text(identity.key, "ascii")
    key.chmod(0o600)
    context.load_cert_chain(chain, key, identity.password)


def _new_key(password: str) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    locked = serialization.BestAvailableEncryption(password.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked).decode()


def _request(identity: Identity) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = serialization.load_pem_private_key(identity.key.encode(), identity.password.encode())
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not the key this hub made")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity.device)])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()
