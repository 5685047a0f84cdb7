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
from desktop.commands.settings import default_profile
from forms.definition import Catalog, Label, RecordType
from sync.clock import Clock, SystemClock

if TYPE_CHECKING:
    import argparse

    from sync.protocol import Officer
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
        return cls(folder.absolute(), named=bool(named), language=language, clock=clock)

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

    @cached_property
    def catalog(self) -> Catalog:
        from forms.loader import load_catalog

        return load_catalog()

    @property
    def passphrase(self) -> str | None:
        """Given to this object, else by the variable of unattended use."""
        return self._passphrase or os.environ.get(PASSPHRASE) or None

    @property
    def store(self) -> Store:
        """This profile's store. Raises NoStore, WrongKey and their like."""
        if self._store is None:
            from sync.store import Store, vault

            if not self.folder.is_dir():
                raise self._not_enrolled()
            if vault.needs_passphrase(self.folder) and self.passphrase is None:
                raise CommandError(
                    f"Sổ này mở bằng câu mật khẩu: đặt biến {PASSPHRASE} rồi chạy lại.",
                    f"This store opens with a passphrase: set {PASSPHRASE} and run again.",
                )
            key = vault.open_key(self.folder, self.passphrase)
            self._store = Store.open(self.folder, key, self.catalog, self.clock)
        return self._store

    def take_store(self, store: Store) -> None:
        """Work with a store just created; it is closed with the desk."""
        self._store = store

    def _not_enrolled(self) -> CommandError:
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
            for officer in officers:
                if self._officer in (officer.id, officer.name):
                    return officer
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
        record = self.store.records.load(record_id)
        if record is None:
            raise CommandError(f"Không có bản ghi {record_id} trên máy này.", f"No record {record_id} on this device.")
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
