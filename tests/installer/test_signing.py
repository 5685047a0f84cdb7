"""Signing with a certificate of the moment, and with the city's own by configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from installer import signing
from installer.signing import WrongSigning, configured, is_signed, sign, sign_programs, test_signer
from tests.installer.small import needs, program, windows_folder

test_signer.__test__ = False  # type: ignore[attr-defined]  # no test: the signer of test certificates


@needs("osslsigncode")
def test_a_signature_holds_until_a_byte_changes(tmp_path: Path, drawn: Path) -> None:
    path = tmp_path / "sophuong.exe"
    path.write_bytes(program())
    assert not is_signed(path)
    sign(path)
    assert is_signed(path)
    path.write_bytes(path.read_bytes().replace(b"KERNEL32", b"KERNEL33"))
    assert not is_signed(path)


@needs("osslsigncode")
def test_each_program_of_a_folder_is_signed_once(tmp_path: Path, drawn: Path) -> None:
    layout = windows_folder(tmp_path / "w")
    sign_programs(layout)
    programs = [*layout.bundle.glob("*.exe"), *layout.launchers]
    assert len(programs) == 4
    assert all(is_signed(path) for path in programs)
    before = [path.read_bytes() for path in programs]
    sign_programs(layout)
    assert [path.read_bytes() for path in programs] == before


@needs("osslsigncode")
def test_the_city_signs_with_its_own(tmp_path: Path, drawn: Path) -> None:
    folder = tmp_path / "made"
    test_signer(folder)
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), None)
    secret = "mật khẩu của thành phố".encode()
    pfx, password = tmp_path / "city.pfx", tmp_path / "password"
    pfx.write_bytes(pkcs12.serialize_key_and_certificates(
        b"city", key, certificate, None, serialization.BestAvailableEncryption(secret)  # type: ignore[arg-type]
    ))  # fmt: skip
    password.write_bytes(secret)
    signer = configured({"SOPHUONG_SIGN_PFX": str(pfx), "SOPHUONG_SIGN_PASSWORD_FILE": str(password)})
    assert signer is not None
    assert not signer.test
    path = tmp_path / "sophuong.exe"
    path.write_bytes(program())
    sign(path, signer=signer)
    assert is_signed(path)
    assert str(secret) not in " ".join(signer.arguments)


def test_nothing_configured_is_a_certificate_of_our_own(tmp_path: Path) -> None:
    assert configured({}) is None
    assert test_signer(tmp_path / "made").test
    assert (tmp_path / "made" / "key.pem").stat().st_mode & 0o077 == 0


def test_a_token_is_named_whole(tmp_path: Path) -> None:
    module = tmp_path / "pkcs11.so"
    module.write_bytes(b"")
    given = {
        "SOPHUONG_SIGN_PKCS11_MODULE": str(module),
        "SOPHUONG_SIGN_PKCS11_CERTIFICATE": "pkcs11:object=certificate",
        "SOPHUONG_SIGN_PKCS11_KEY": "pkcs11:object=key",
        "SOPHUONG_SIGN_TIMESTAMP": "http://timestamp.example",
    }
    signer = configured(given)
    assert signer is not None
    assert signer.arguments[signer.arguments.index("-key") + 1] == "pkcs11:object=key"
    assert signer.arguments[-2:] == ("-ts", "http://timestamp.example")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SOPHUONG_SIGN_PFX": "/no/such.pfx"}, "SOPHUONG_SIGN_PFX"),
        ({"SOPHUONG_SIGN_PFK": "x"}, "SOPHUONG_SIGN_PFK"),
        ({"SOPHUONG_SIGN_TIMESTAMP": "http://timestamp.example"}, "SOPHUONG_SIGN_PKCS11_MODULE"),
        ({"SOPHUONG_SIGN_PKCS11_MODULE": __file__}, "SOPHUONG_SIGN_PKCS11_CERTIFICATE"),
        ({"SOPHUONG_SIGN_PFX": __file__, "SOPHUONG_SIGN_PKCS11_MODULE": __file__}, "either"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(WrongSigning, match=named):
        configured(given)


def test_a_file_that_cannot_be_signed_stays_as_it_was(tmp_path: Path, drawn: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("not a program")
    with pytest.raises(signing.subprocess.CalledProcessError):
        sign(path)
    assert path.read_text() == "not a program"
