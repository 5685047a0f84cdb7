"""Signs what Windows runs, by osslsigncode: ``python -m installer.signing FILE…``.

The city's own certificate by configuration, each an environment variable:

    SOPHUONG_SIGN_PFX                a .pfx file with certificate and key
    SOPHUONG_SIGN_PKCS11_MODULE      or a token: its library, with
    SOPHUONG_SIGN_PKCS11_CERTIFICATE and SOPHUONG_SIGN_PKCS11_KEY, their pkcs11: addresses
    SOPHUONG_SIGN_PASSWORD_FILE      a file with the .pfx's password or the token's PIN
    SOPHUONG_SIGN_TIMESTAMP          address of an RFC 3161 time-stamping service

Without any of these a test certificate is made on the spot and kept in the cache: the step is the same, and Windows
trusts it as little as no signature at all.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from installer.layout import Layout
from installer.tools import call, need

PREFIX = "SOPHUONG_SIGN_"
DESCRIPTION = "So Phuong"
TEST_NAME = "So Phuong test certificate - not to be trusted"
NAMES = ("PFX", "PKCS11_MODULE", "PKCS11_CERTIFICATE", "PKCS11_KEY", "PASSWORD_FILE", "TIMESTAMP")


class WrongSigning(Exception):
    """The configuration is not whole; the message names the variable."""


@dataclass(frozen=True)
class Signer:
    """``arguments`` of osslsigncode that say with what; ``test``: nobody trusts it."""

    arguments: tuple[str, ...]
    test: bool = False


def configured(environment: Mapping[str, str] = os.environ) -> Signer | None:
    """The signer that the environment asks for; None: it asks for none. Raises WrongSigning."""
    given = {name: environment[PREFIX + name] for name in NAMES if environment.get(PREFIX + name)}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in NAMES)
    if unknown:
        raise WrongSigning(f"{unknown[0]} is no setting of signing; there are: {', '.join(PREFIX + n for n in NAMES)}")
    if not given:
        return None
    if ("PFX" in given) == ("PKCS11_MODULE" in given):
        raise WrongSigning(f"set either {PREFIX}PFX or {PREFIX}PKCS11_MODULE")
    for name in ("PFX", "PKCS11_MODULE", "PASSWORD_FILE"):
        if name in given and not Path(given[name]).is_file():
            raise WrongSigning(f"{PREFIX}{name}: there is no file {given[name]}")
    if "PFX" in given:
        arguments = ["-pkcs12", given["PFX"]]
    else:
        for name in ("PKCS11_CERTIFICATE", "PKCS11_KEY"):
            if name not in given:
                raise WrongSigning(f"{PREFIX}PKCS11_MODULE wants {PREFIX}{name} too")
        arguments = ["-pkcs11module", given["PKCS11_MODULE"], "-pkcs11cert", given["PKCS11_CERTIFICATE"]]
        arguments += ["-key", given["PKCS11_KEY"]]
    if "PASSWORD_FILE" in given:
        arguments += ["-readpass", given["PASSWORD_FILE"]]  # never on the command line, where every process sees it
    if "TIMESTAMP" in given:
        arguments += ["-ts", given["TIMESTAMP"]]
    return Signer(tuple(arguments))


def sign(*paths: Path, signer: Signer | None = None) -> None:
    """Signs each file in place, whole or not at all; one that is signed already gets this signature instead."""
    need({"osslsigncode": "osslsigncode"})
    signer = signer or configured() or test_signer()
    for path in paths:
        signed = path.with_name(path.name + ".signed")
        signed.unlink(missing_ok=True)
        about = ["-h", "sha256", "-n", DESCRIPTION]
        call(["osslsigncode", "sign", *signer.arguments, *about, "-in", path, "-out", signed])
        shutil.copymode(path, signed)
        signed.replace(path)


def sign_programs(layout: Layout) -> None:
    """The programs that Windows starts: those of the folder and the launchers; what is signed already stays as it is."""
    programs = [*sorted(layout.bundle.glob("*.exe")), *layout.launchers]
    unsigned = [path for path in programs if not is_signed(path)]
    if unsigned:
        times = [(path, path.stat()) for path in unsigned]
        sign(*unsigned)
        for path, before in times:  # the bundle's fixed times: the same input gives the same package
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def is_signed(path: Path) -> bool:
    """Whether the file bears a signature that fits its contents, whoever signed it."""
    need({"osslsigncode": "osslsigncode"})
    done = subprocess.run(["osslsigncode", "verify", "-in", str(path)], capture_output=True, text=True)
    digests = dict(re.findall(r"^(Current|Calculated) message digest\s*:\s*([0-9A-F]+)", done.stdout, re.MULTILINE))
    return len(digests) == 2 and digests["Current"] == digests["Calculated"]


def test_signer(folder: Path | None = None) -> Signer:
    """A certificate of our own for trying out, made when it is missing or ends within a day."""
    from installer.chroot import cache_folder

    folder = folder or cache_folder() / "test-signing"
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (certificate.is_file() and key.is_file() and _is_fresh(certificate)):
        _make(certificate, key)
    return Signer(("-certs", str(certificate), "-key", str(key)), test=True)


def _is_fresh(certificate: Path) -> bool:
    from cryptography import x509

    ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return ends > datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)


def _make(certificate: Path, key: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID

    secret = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, TEST_NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(secret, hashes.SHA256())
    )
    certificate.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    key.touch(mode=0o600)
    key.write_bytes(secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    certificate.write_bytes(made.public_bytes(pem))


if __name__ == "__main__":
    try:
        sign(*map(Path, sys.argv[1:]))
    except WrongSigning as error:
        raise SystemExit(f"signing: {error}") from error
