"""Gives a version out: ``python -m installer.release VERB …``; docs/operating.md, "Updates", has the ceremony step by step.

keys FILE.pem …                    new keys, each with its .pub; a passphrase in SOPHUONG_KEY_PASSPHRASE wraps them
root DIR --root A.pub B.pub C.pub --targets T.pub --snapshot S.pub --timestamp M.pub
                                   draw up the (next) root of the repository DIR; roles left out keep their keys
sign DIR --key K.pem …             sign the root that was drawn up; it is published when enough have
publish DIR --key T.pem S.pem M.pem [--linux FOLDER] [--windows FOLDER]
                                   add the built version, with patches from the last ones
drop DIR VERSION --key …           take a version out
refresh DIR --key M.pem            sign the timestamp anew
make DIR --key …                   all of it: check, build, try, publish (tasks.py release)
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from securesystemslib.signer._crypto_signer import CryptoSigner

from installer import BUILD, DIST, ROOT, version
from installer.changelog import NotReleasable, read_notes
from sync.updates.errors import UpdateError
from sync.updates.keys import make_key, public_key_of, signer_of
from sync.updates.laying import lay
from sync.updates.model import get_manifest, manifest_name, version_key, whole_name
from sync.updates.parcel import Parcel
from sync.updates.publishing import Laid, drop_version, publish_version
from sync.updates.repository import ROLES, ROOT_THRESHOLD, Repository

PASSPHRASE = "SOPHUONG_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable, not a secret
PATCHES = 3
"""From so many versions before the new one there are patches; who is further behind fetches it whole."""
BUILT_IN_ROOT = ROOT / "resources" / "data" / "update-root.json"
PLATFORMS = {"linux": "linux-x86_64", "windows": "windows-x86_64"}


def main(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    try:
        given.work(given)
    except UpdateError as error:
        sys.stderr.write(f"release: {error.label.vi} / {error.label.en}\n")
        return 1
    except (NotReleasable, OSError) as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"release: this step failed with code {error.returncode}: {' '.join(map(str, error.cmd))}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    how = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="release", description=__doc__, formatter_class=how)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, work: object, *, signs: bool = True, folder: bool = True) -> argparse.ArgumentParser:
        added = verbs.add_parser(name)
        if folder:
            added.add_argument("folder", type=Path, nargs="?" if name == "make" else None, default=DIST / "updates")
        if signs:
            added.add_argument("--key", type=Path, nargs="+", action="extend", default=[], metavar="PEM")
        added.set_defaults(work=work)
        return added

    verb("keys", _keys, signs=False, folder=False).add_argument("files", type=Path, nargs="+")
    root = verb("root", _root, signs=False)
    for role in ("root", *ROLES):
        root.add_argument(f"--{role}", type=Path, nargs="+", metavar="PUB")
    root.add_argument("--threshold", type=int, default=ROOT_THRESHOLD)
    verb("sign", _sign)
    for name, work in (("publish", _publish), ("make", _make)):
        added = verb(name, work)
        added.add_argument("--patches", type=int, default=PATCHES, metavar="N")
        for system in PLATFORMS:
            added.add_argument(f"--{system}", type=Path, metavar="FOLDER")
        added.add_argument("--level", type=int, default=19, help=argparse.SUPPRESS)
    verb("drop", _drop).add_argument("version")
    verb("refresh", _refresh)
    return parser


def _keys(given: argparse.Namespace) -> None:
    for path in given.files:
        if path.resolve().is_relative_to(ROOT):
            raise SystemExit(f"{path}: a private key does not belong into the checkout; name a folder outside it")
    for path in given.files:
        make_key(path, os.environ.get(PASSPHRASE, ""))
        _say(f"{path}: keep it to yourself; {path}.pub goes into the root")


def _root(given: argparse.Namespace) -> None:
    keys = {
        role: [public_key_of(path) for path in paths] for role in ("root", *ROLES) if (paths := getattr(given, role))
    }
    number = Repository(given.folder).draft_root(keys, given.threshold)
    _say(f"root {number} is drawn up: now whoever has a root key signs it (sign)")


def _sign(given: argparse.Namespace) -> None:
    published = Repository(given.folder).sign_root(signers(given.key))
    _say("the root is published" if published else "signed; more signatures are wanted before it counts")


def _refresh(given: argparse.Namespace) -> None:
    _say(f"holds until {Repository(given.folder).refresh(signers(given.key)):%Y-%m-%d}")


def _drop(given: argparse.Namespace) -> None:
    drop_version(Repository(given.folder), given.version, signers(given.key))
    _say(f"{given.version} is out of the repository; gateways: gateway update withdraw {given.version}")


def _publish(given: argparse.Namespace) -> None:
    folders = {PLATFORMS[system]: place for system in PLATFORMS if (place := getattr(given, system))}
    if not folders:
        folders = {
            platform: place for system, platform in PLATFORMS.items() if (place := BUILD / system / "sophuong").is_dir()
        }
    if not folders:
        raise NotReleasable("nothing was built: python3 tasks.py package")
    for laid in publish(given.folder, version(), folders, given.key, patches=given.patches, level=given.level):
        _say(f"{laid.platform}: whole {_mb(laid.whole)}, list of files {laid.manifest // 1024} KB")
        for older, size in laid.patches.items():
            bound = "" if size <= 1_000_000 else "  (more than the 1 MB of a typical code change)"
            _say(f"  patch from {older}: {size // 1024} KB{bound}")


def publish(
    folder: Path, new: str, folders: dict[str, Path], keys: Sequence[Path], *, patches: int = PATCHES, level: int = 19
) -> list[Laid]:
    """Raises NotReleasable, UpdateError."""
    notes, repository, signing = read_notes(new), Repository(folder), signers(keys)
    with tempfile.TemporaryDirectory(prefix="sophuong-release-", dir=folder) as work:
        before = {platform: dict(older(repository, platform, Path(work), patches)) for platform in folders}
        return publish_version(repository, new, folders, before, notes, signers=signing, level=level)


def older(repository: Repository, platform: str, work: Path, most: int) -> Iterator[tuple[str, Path]]:
    """The last versions of a platform, unpacked from the repository itself."""
    targets = repository.targets()
    known = [name.split("/")[1] for name in targets if name.startswith(f"{platform}/") and name.endswith("/whole")]
    for number in sorted(known, key=version_key)[-most:] if most else ():
        manifest = get_manifest(repository.path_of(targets[manifest_name(platform, number)]).read_bytes())
        parcel = Parcel(repository.path_of(targets[whole_name(platform, number)]))
        yield number, lay(work / platform, manifest, parcel, (), lambda: False)


def _make(given: argparse.Namespace) -> None:
    """Nothing is published that was not built from what is committed, and tried."""
    read_notes(version())
    dirty = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    if dirty.strip():
        raise NotReleasable("there are changes that are not committed; a release is made of a commit")
    with built_in_root(given.folder):
        subprocess.run([sys.executable, str(ROOT / "tasks.py"), "package", "--try"], cwd=ROOT, check=True)
    _publish(given)


@contextmanager
def built_in_root(folder: Path) -> Iterator[None]:
    """The newest root of the repository lies where the build takes it into the program: trust begins with it."""
    roots = sorted((folder / "metadata").glob("*.root.json"), key=lambda path: int(path.name.partition(".")[0]))
    if not roots:
        raise NotReleasable(f"{folder} has no signed root: hold the ceremony first (root, sign)")
    shutil.copyfile(roots[-1], BUILT_IN_ROOT)
    try:
        yield
    finally:
        BUILT_IN_ROOT.unlink()


def signers(paths: Sequence[Path]) -> list[CryptoSigner]:
    return [signer_of(path, os.environ.get(PASSPHRASE, "")) for path in paths]


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
