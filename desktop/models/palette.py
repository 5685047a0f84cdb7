"""What the palette offers: actions, lists, beginnings and records, matched by folded words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.actions import ActionRow, shown_shortcut
from desktop.app import App
from desktop.language import say, tr
from desktop.models.quick import in_rail_order, shown_types
from desktop.sight import shown_reports
from forms.definition import Catalog, RecordType
from forms.vietnamese import fold
from sync.store.model import Hit

Index = QModelIndex | QPersistentModelIndex
OFFER_ROLE = Qt.ItemDataRole.UserRole + 1
MOST_COMMANDS = 6  # beside found records, so that records are never pushed out of sight
MOST_WORDS = 12  # of a line that is read as a kind and a name; what is longer was pasted
_NOWHERE = QModelIndex()


@dataclass(frozen=True)
class Offer:
    """One line of the palette. ``aside`` stands at the right: the key, or what kind of thing it is."""

    title: str
    run: Callable[[], object]
    detail: str = ""
    aside: str = ""
    icon: str = ""
    words: str = ""  # found by these too

    @property
    def folded(self) -> str:
        return fold(f"{self.title} {self.detail} {self.words}")


def action_offers(rows: Iterable[ActionRow]) -> list[Offer]:
    """Only what can be done now."""
    return [
        Offer(
            row.title,
            row.run,
            row.group,
            shown_shortcut(row) or tr("frame.kind_action"),
            row.icon or "check",
            row.words,
        )
        for row in rows
        if row.enabled()
    ]


def list_offers(catalog: Catalog, seen: Collection[str], open_list: Callable[[str], object]) -> list[Offer]:
    return [
        Offer(
            say(record.label),
            partial(open_list, record.id),
            say(tool.label),
            tr("frame.kind_list"),
            tool.icon,
            words=tr("frame.kind_list"),
        )
        for tool in in_rail_order(catalog)
        for record in shown_types(tool, seen)
    ]


def report_offers(catalog: Catalog, seen: Collection[str], open_report: Callable[[str], object]) -> list[Offer]:
    return [
        Offer(
            say(report.label),
            partial(open_report, f"{tool.id}.{report.id}"),
            say(tool.short),
            tr("frame.kind_report"),
            "chart",
            words=f"{tr('frame.kind_report')} {say(tool.label)}",
        )
        for tool in in_rail_order(catalog)
        for report in shown_reports(tool, seen)
    ]


def begin_offers(app: App) -> list[Offer]:
    return [
        Offer(
            tr("frame.begin", name=say(record.label)),
            partial(app.begin, record.id),
            say(tool.short),
            tr("frame.kind_new"),
            "plus",
        )
        for tool in in_rail_order(app.catalog)
        for record in tool.records
        if app.may_begin(record)
    ]


def hit_offer(hit: Hit, app: App) -> Offer:
    record_type = app.catalog.record_type(hit.type)
    named = (hit.number if hit.number and hit.number not in hit.subtitle.split(" · ") else "", hit.subtitle)
    parts = [part for part in (*named, say(record_type.state(hit.state).label)) if part]
    return Offer(
        hit.title, partial(app.open_record, hit.id), " · ".join(parts), say(record_type.label), record_type.icon
    )


def matching(offers: Sequence[Offer], text: str) -> list[Offer]:
    """Those in which every typed word begins a word; titles that begin with the text go first, then those with the most of
    the words as they were typed: "đơn" is meant before "hợp đồng"."""
    wanted = fold(text).split()
    start = fold(text).strip()
    found: list[tuple[bool, int, Offer]] = []
    for offer in offers:
        words = offer.folded.split()
        if all(any(word.startswith(want) for word in words) for want in wanted):
            title = fold(offer.title)
            whole = sum(want in title.split() for want in wanted)
            found.append((not title.startswith(start), -whole, offer))
    return [offer for *_, offer in sorted(found, key=lambda each: each[:2])]


def named_kinds(types: Iterable[RecordType], text: str) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Ways to read a typed line as a kind and a name, "khai sinh Nguyễn An" or "Nguyễn An khai sinh": (the name, the record
    types meant, whether the kind is surely meant), the longest kind first. A single word may be a part of the name."""
    words = unicodedata.normalize("NFC", text).casefold().split()
    if not 2 <= len(words) <= MOST_WORDS:
        return
    labels = {each.id: f" {' '.join(_words(say(each.label)))} " for each in types}
    for count in range(len(words) - 1, 0, -1):
        for kind, name in ((words[:count], words[count:]), (words[-count:], words[:-count])):
            spoken = " ".join(kind)
            meant = tuple(
                type_id
                for type_id, label in labels.items()
                if f" {spoken} " in label or (spoken == fold(spoken) and f" {spoken} " in fold(label))
            )
            if meant:
                yield " ".join(name), meant, count > 1


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold())


class OfferModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.offers: tuple[Offer, ...] = ()

    def show(self, offers: Sequence[Offer]) -> None:
        self.beginResetModel()
        self.offers = tuple(offers)
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.offers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        offer = self.offers[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return offer.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(part for part in (offer.title, offer.detail, offer.aside) if part)
            case _ if role == OFFER_ROLE:
                return offer
        return None
