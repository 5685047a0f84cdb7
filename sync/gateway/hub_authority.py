"""The city's authority over the wards' hubs: a CA of its own that can name nothing but hubs, and the certificates it issues.

Made when it is first asked for, or given by the operator (``gateway hub authority``); it stays for good. Certificates live a
fortnight and a hub fetches a new one every day, so that a line that is down for days does no harm, and one that was taken
away is worth nothing before long; PCs that have a line hear of that at once (``protocol.HubTrust``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sync.gateway.refusals import bad_request
from sync.gateway.storage import Session, Storage
from sync.hub.messages import hub_name

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

LIFE = timedelta(days=14)
_EARLY = timedelta(days=1)  # a PC's clock may be behind
_AUTHORITY_LIFE = timedelta(days=30 * 365)
_SQL = "SELECT value FROM meta WHERE key = 'hub_authority'"
LARGEST_REQUEST = 8192  # characters


class Authority:
    """A CA certificate and its key, as one text of PEM blocks: the key first, then the CA's certificate and, where it has
    any, those above it."""

    def __init__(self, text: str) -> None:
        """Raises ValueError."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        self.text = text
        end = text.index("-----BEGIN CERTIFICATE-----")
        self.pem = text[end:].strip() + "\n"
        key = serialization.load_pem_private_key(text[:end].encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key is not of an elliptic curve")
        self._key = key
        self._certificate = x509.load_pem_x509_certificates(self.pem.encode())[0]
        limits = self._certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        if self._certificate.public_key() != key.public_key() or not limits.ca:
            raise ValueError("this certificate is no authority's, or of another key")

    def issue(self, request: str, device: str, wards: Sequence[str], now: datetime) -> str:
        """A certificate (PEM) for the key of a signing request. Raises RefusedError (400)."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.x509.oid import ExtendedKeyUsageOID

        names = [x509.DNSName(hub_name(device, ward)) for ward in wards]
        made = (
            x509.CertificateBuilder()
            .subject_name(_called(f"hub {device}"))
            .issuer_name(self._certificate.subject)
            .public_key(_asked_key(request))
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLY)
            .not_valid_after(min(now + LIFE, self._certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _pem(made)


def authority(storage: Storage, now: datetime) -> Authority:
    """The city's, made where there is none yet."""
    with storage.read() as session:
        text = _known(session)
    if text is None:
        with storage.write([("", "hub_authority")]) as session:
            text = _known(session)
            if text is None:
                text = new_authority(now)
                session.upsert("meta", [("hub_authority", text)])
    return Authority(text)


def use_authority(storage: Storage, given: Authority) -> None:
    with storage.write([("", "hub_authority")]) as session:
        session.upsert("meta", [("hub_authority", given.text)])


def new_authority(now: datetime) -> str:
    """One that every checker of certificates keeps to the names of hubs."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = _called("So Phuong: hubs of the wards")
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=[x509.DNSName("hub.so-phuong.internal")], excluded_subtrees=None),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return secret.decode() + _pem(made)


def _asked_key(request: str) -> ec.EllipticCurvePublicKey:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        if len(request) > LARGEST_REQUEST:
            raise ValueError("too long")
        asked = x509.load_pem_x509_csr(request.encode())
        key = asked.public_key()
        if not asked.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size < 256:
            raise ValueError("not signed by its own key")
    except (ValueError, TypeError, UnicodeEncodeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise bad_request(
            "Yêu cầu cấp chứng thư không đúng.", "Not a signing request of an elliptic key.", "bad_certificate_request"
        ) from error
    return key


def _called(name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _known(session: Session) -> str | None:
    row = session.one(_SQL)
    return str(row[0]) if row else None


__all__ = ["Authority", "authority", "new_authority", "use_authority"]
