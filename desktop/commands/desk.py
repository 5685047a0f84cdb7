"""What a verb works with: the profile and its store, the catalogue, the clock, who is at work, and where it prints."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from desktop.commands.errors import CommandError, usage_error
from desktop.commands.grants import why_not_write
from desktop.commands.settings import default_profile
from desktop.sight import all_types, may_begin, seen_by_any, seen_types, works_at_home
from forms.definition import Catalog, RecordType
from forms.label import Label
from sync.clock import Clock, SystemClock
from sync.long_paths import usable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from sync.pack_use import PackUse
    from sync.protocol import Fields, Officer
    from sync.store import Store
    from sync.store.model import Enrolment, Record

PASSPHRASE = "SOPHUONG_PASSPHRASE"  # noqa: S105 - the name of the variable, not a secret
SAMPLE_WARD = "00070"  # Phường Hoàn Kiếm: the ward of invented records


class Desk:
    """One run of one verb. The store is opened when first asked for and closed at the end."""

    def __init__(
        self,
        folder: Path,
        *,
        named: bool = True,
        language: str = "vi",
        as_json: bool = False,
        officer: str = "",
        passphrase: str | None = None,
        clock: Clock,
    ) -> None:
        self.folder = folder
        self.named = named  # whether the folder was asked for, and is not the account's own
        self.language = language
        self.as_json = as_json
        self.clock = clock
        self._officer = officer
        self._passphrase = passphrase
        self._store: Store | None = None
        self._packs: PackUse | None = None

    @classmethod
    def from_arguments(cls, given: argparse.Namespace, language: str) -> Desk:
        """Raises CommandError (bad usage) when SOPHUONG_NOW is not a moment."""
        desk = cls.of_profile(getattr(given, "profile", None), language)
        desk.as_json = getattr(given, "json", False)
        desk._officer = getattr(given, "officer", "")
        return desk

    @classmethod
    def of_profile(cls, named: str | None, language: str) -> Desk:
        """On the profile asked for, else the account's own. Raises CommandError as above."""
        try:
            clock = SystemClock()
        except ValueError as error:
            raise usage_error(
                f"SOPHUONG_NOW phải là thời điểm ISO 8601, ví dụ 2026-11-23T08:00:00+07:00 ({error}).",
                f"SOPHUONG_NOW must be an ISO 8601 moment such as 2026-11-23T08:00:00+07:00 ({error}).",
            ) from error
        folder = Path(named).expanduser() if named else default_profile()
        return cls(usable(folder), named=bool(named), language=language, clock=clock)

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._packs is not None:  # the next one may open another pack
            self._packs.close()
            self._packs = None
            self.__dict__.pop("catalog", None)

    @cached_property
    def catalog(self) -> Catalog:
        from sync.pack_use import PackUse

        self._packs = PackUse(self.folder)
        return self._packs.catalog()

    @property
    def passphrase(self) -> str | None:
        """Given to this object, else by the variable of unattended use."""
        return self._passphrase or os.environ.get(PASSPHRASE) or None

    @property
    def store(self) -> Store:
        """This profile's store. Raises NoStore, WrongKey and their like."""
        if self._store is None:
            from sync.store import Store, vault
            from sync.store.model import NoStore

            if not self.folder.is_dir():
                raise self._not_enrolled()
            if (self.folder / "restored.ready").is_dir() or (self.folder / "restored.placing").is_dir():
                from sync.store.restoring import finish

                finish(self.folder)
            if vault.needs_passphrase(self.folder) and self.passphrase is None:
                raise CommandError(
                    f"Sổ này mở bằng câu mật khẩu: đặt biến {PASSPHRASE} rồi chạy lại.",
                    f"This store opens with a passphrase: set {PASSPHRASE} and run again.",
                )
            try:
                key = vault.open_key(self.folder, self.passphrase)
            except NoStore:
                raise self._not_enrolled() from None
            self._store = Store.open(self.folder, key, self.catalog, self.clock)
        return self._store

    def take_store(self, store: Store) -> None:
        """Work with a store just created; it is closed with the desk."""
        self._store = store

    def _not_enrolled(self) -> CommandError:
        from desktop.rollout import read_rollout

        if read_rollout(self.folder).enrols:
            return CommandError(
                "Máy này đã được cơ quan cài đặt nhưng chưa có sổ: mở chương trình một lần, bằng tài khoản sẽ dùng, máy tự "
                "đăng ký. (Không có màn hình: sophuong enrol)",
                "This PC was rolled out but has no registers yet: open the program once, in the account that will use it, and it "
                "enrols by itself. (Where there is no screen: sophuong enrol)",
            )
        return CommandError(
            f"Chưa có sổ ở {self.folder}. Đăng ký máy trước: sophuong enrol --url … --code …",
            f"There is no store in {self.folder}. Enrol this device first: sophuong enrol --url … --code …",
        )

    @property
    def enrolment(self) -> Enrolment:
        enrolment = self.store.enrolment
        if enrolment is None:
            raise self._not_enrolled()
        return enrolment

    @property
    def officer(self) -> Officer:
        """Who is at work: as asked for, else who signed in last, else the officer enrolled last."""
        officers = self.enrolment.officers
        if self._officer:
            if (named := self._named(officers)) is not None:
                return named
            names = ", ".join(o.name for o in officers)
            raise CommandError(
                f"Máy này không có cán bộ “{self._officer}”; có: {names}.",
                f"No officer “{self._officer}” on this device; there are: {names}.",
            )
        from desktop.settings import load_settings

        last = load_settings(self.folder).last_officer
        found = next((o for o in officers if o.id == last), officers[-1] if officers else None)
        if found is None:
            raise CommandError(
                "Máy này chưa có cán bộ nào được đăng ký; chạy lại enrol với mã của một cán bộ.",
                "No officer is enrolled on this device; run enrol with an officer's code.",
            )
        return found

    def _named(self, officers: Iterable[Officer]) -> Officer | None:
        return next((o for o in officers if self._officer in (o.id, o.name)), None)

    @property
    def names_officer(self) -> bool:
        """Whether ``--officer`` was given."""
        return bool(self._officer)

    @property
    def seen(self) -> frozenset[str] | None:
        """The record types that verbs may tell of; None: all. With ``--officer`` what he may see; else the command line
        works unattended, for the device, and tells what its officers may see together."""
        enrolment = self.store.enrolment
        officers = enrolment.officers if enrolment else ()
        seen = (
            seen_types(self.catalog, self.officer, officers) if self._officer else seen_by_any(self.catalog, officers)
        )
        return None if seen == all_types(self.catalog) else seen

    @property
    def seen_of_device(self) -> frozenset[str] | None:
        """As ``seen``, where it does not matter who looks: a name this device does not know narrows nothing."""
        enrolment = self.store.enrolment
        known = enrolment is not None and self._named(enrolment.officers) is not None
        return self.seen if known or not self._officer else None

    def resolve(self, record_id: str) -> Fields | None:
        """The fields of a record that another one refers to."""
        return self.store.records.resolve(record_id, self.seen)

    def check_seen(self, record_type: RecordType) -> None:
        """Raises CommandError when whoever is asked for may not see the register."""
        seen = self.seen
        if seen is not None and record_type.id not in seen:
            label = record_type.label
            raise CommandError(
                f"Không ai đang làm ở đây được cấp quyền xem sổ “{label.vi}”.",
                f"Nobody at work here has a grant to see “{label.en}”.",
            )

    def check_may_write(self, record_type: RecordType) -> None:
        """Raises CommandError when the city would refuse whatever the officer at work writes there."""
        if reason := why_not_write(record_type, self.catalog, self.officer):
            raise CommandError(reason.vi, reason.en)

    def may_begin(self, record_type: RecordType) -> bool:
        """Whether the officer at work may begin such a record."""
        officer = self.officer
        seen = seen_types(self.catalog, officer, self.enrolment.officers)
        return works_at_home(officer, self.enrolment) and may_begin(record_type, officer, seen)

    def record_type(self, type_id: str) -> RecordType:
        """The type called ``tool.record``. Raises CommandError, bad usage, naming what there is."""
        try:
            return self.catalog.record_type(type_id)
        except KeyError:
            from difflib import get_close_matches

            known = [r.id for r in self.catalog.record_types]
            near = ", ".join(get_close_matches(type_id, known, 3, 0.4) or known[:8])
            raise usage_error(
                f"Không có loại bản ghi “{type_id}”. Có thể là: {near}. Xem tất cả: sophuong tools",
                f"There is no record type “{type_id}”. Perhaps: {near}. All of them: sophuong tools",
            ) from None

    def record(self, record_id: str) -> Record:
        seen = self.seen
        record = self.store.records.load(record_id, seen)
        if record is None and seen is None:
            raise CommandError(f"Không có bản ghi {record_id} trên máy này.", f"No record {record_id} on this device.")
        if record is None:
            raise CommandError(
                f"Không có bản ghi {record_id} trong các sổ được xem trên máy này.",
                f"No record {record_id} in the registers that may be seen on this device.",
            )
        if not self.catalog.knows(record.type):
            raise CommandError(
                f"Bộ mẫu biểu đang dùng không còn sổ “{record.type}”; bản ghi {record_id} vẫn được giữ và gửi đi.",
                f"The definitions in use no longer have {record.type}; the record {record_id} is kept and sent.",
            )
        return record

    def say(self, vi: str, en: str) -> None:
        """A line for a person; nothing when the caller wants JSON."""
        if not self.as_json:
            self.line(Label(vi, en).get(self.language))

    def line(self, text: str) -> None:
        sys.stdout.write(text + "\n")

    def put_json(self, value: Any) -> None:
        """The answer for a machine: one JSON document on stdout."""
        self.line(msgspec.json.encode(value).decode())

    def label(self, label: Label) -> str:
        return label.get(self.language)
