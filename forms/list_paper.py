"""A plain list on paper: a heading, columns, lines, sentences below; for what no tool has a template for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from forms.definition import Catalog, Printout
from forms.label import Label
from forms.printing import PrintContext, rendered_paper


class ListPaper(Struct, frozen=True, kw_only=True):
    """``columns``: heading and width in percent."""

    heading: str
    sub: str
    note: str
    columns: Sequence[tuple[str, int]]
    lines: Sequence[Sequence[str]]
    foot: Sequence[str] = ()


LIST_PRINTOUT = Printout(
    id="list", label=Label("Danh sách", "List"), template="paper/list.html", over="list", landscape=True
)


def render_list(paper: ListPaper, catalog: Catalog, context: PrintContext) -> str:
    """HTML in the layout of Decree 30/2020. Raises PrintError."""
    variables = {
        "list_heading": paper.heading,
        "list_sub": paper.sub,
        "list_note": paper.note,
        "table_columns": paper.columns,
        "table_rows": paper.lines,
        "sentences": paper.foot,
    }
    return rendered_paper(LIST_PRINTOUT, context, Path(catalog.folder), variables)
