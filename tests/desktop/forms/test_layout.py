"""The grid keeps inputs level, cuts nothing and leaves no holes, at any width."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from desktop.forms.layout import COLUMNS, LEAST, Cell, GridFlow

SPANS = st.lists(st.tuples(st.sampled_from([3, 4, 6, 8, 9, 12]), st.sampled_from([0, 124, 164, 240])), max_size=12)


class Box(Cell):
    def height_with(self, width: int, label_height: int) -> int:
        return 30 + label_height

    def label_height_for(self, width: int) -> int:
        return 20 if width > 150 else 40


def laid_out(spans: list[tuple[int, int]], width: int) -> list[QRect]:
    parent = QWidget()
    grid = GridFlow(parent)
    boxes = []
    for span, least in spans:
        box = Box(parent)
        box.least_width = least
        box.setVisible(True)
        grid.add(box, span)
        boxes.append(box)
    grid.setGeometry(QRect(0, 0, width, grid.heightForWidth(width)))
    return [box.geometry() for box in boxes]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(spans=SPANS, width=st.integers(260, 1100))
def test_cells_are_inside_apart_and_wide_enough(qapp: Any, spans: list[tuple[int, int]], width: int) -> None:
    places = laid_out(spans, width)
    for place, (_, least) in zip(places, spans, strict=True):
        assert place.left() >= 0
        assert place.right() <= width + COLUMNS  # rounding of twelfths
        assert place.width() >= min(max(least, LEAST), width) - COLUMNS
    for n, one in enumerate(places):
        assert not any(one.intersects(other) for other in places[n + 1 :])


def test_a_designed_row_stays_one_row_where_it_fits(qapp: Any) -> None:
    places = laid_out([(6, 0), (3, 132), (3, 164)], 514)
    assert len({place.y() for place in places}) == 1
    assert places[2].width() >= 164


def test_inputs_of_a_row_stand_level(qapp: Any) -> None:
    wide, narrow = laid_out([(9, 0), (3, 0)], 560)
    assert wide.height() == narrow.height()
