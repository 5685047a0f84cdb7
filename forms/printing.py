"""A record and a template become HTML for ``QTextDocument`` (print, preview, PDF, ODT from one template); no Qt here.

Templates are Jinja2 in ``forms/catalog/<tool>/print/``; they run in a sandbox and everything printed is escaped. They
extend a layout and fill its blocks::

    {% extends "paper/letter.html" %}
    {% block title %}{{ title("GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ") }}{% endblock %}
    {% block body %}
    {{ line("Họ, tên người nộp", record.applicant_ref.full_name) }}
    {{ pair("Số điện thoại", record.phone, "Hình thức nộp", record.channel) }}
    {% endblock %}
    {% block signatures %}{{ signatures([{"role": "NGƯỜI NỘP HỒ SƠ"}, {"role": "NGƯỜI TIẾP NHẬN", "name": officer.name}]) }}{% endblock %}

**Layouts** (blocks in brackets; every block has a sensible default)
  paper/letter.html    Decree 30/2020: issuing body left, national name right, number, place and date
                       [issuer, national, number, place_date, title, body, signatures, recipients]
  paper/form.html      declarations (tờ khai): national name centred on top [national, title, addressee, body, place_date, signatures]
  paper/register.html  one page range of a book: ward left, title, table [issuer, title, body, totals, signatures]
  paper/plain.html     nothing but the body, for data on pre-printed blanks and for stamps [body]
  All begin with the banners: "BẢN KIỂM TRA" (proof), "IN LẠI LẦN n" (n = copies before this one), "SỐ TẠM" or
  "CHỜ CẤP SỐ" (the final number is not there; not on papers of drafts and of lists).

**Variables**
  record               the record (first of ``records``); ``records``: all (printouts over a list or a visit)
  ward                 code, name ("Phường Hoàn Kiếm"), org_code, place ("Hoàn Kiếm"); officer: id, name
  now                  aware moment of printing; printout: id, label, landscape, paper, proof
  book                 over a list: ``period``, ``series`` (of a register with several), ``volume``, ``since``, ``until``, ``first`` and ``last`` number; ``lines`` (``number``,
                       ``record`` or none where a number stands empty, ``void``, ``reason``); ``carried("fee")``: the sum before the
                       first line; ``pages(12, "fee")``: pages of 12 lines with ``lines``, ``index``, ``last``, ``count``, ``carries`` and
                       the sums ``before.fee``, ``sums.fee``, ``after.fee``. Void lines, and those in a state of
                       ``skip=["draft"]``, count in no sum; ``pages(22, "fee", wide={"content": 26})``: pages of 22 lines of
                       text, by the length of the cells that may be long; ``page.start``: lines on the pages before
  copy_number          1 for the first print; temporary: the number is not the final one; number_note: that banner
  includes             every name in the printout's ``includes`` is a list of records that point at this one: ``steps`` or
                       ``includes.steps``

**Values.** ``record.<field>`` is the canonical value and prints as the officer reads it: dates 22/11/2026, moments 22/11/2026
14:30, money 8.000, choices by label, addresses in full, booleans Có/Không, long text with line breaks. Null (and a field that is
not relevant) prints as dots "……" and is false in ``{% if %}``; ``{{ record.note or "" }}`` prints nothing. A field the definition
does not have is an error. Also ``record.id``, ``record.number``, ``record.state``, ``record.state_label``, unless a field has that name.
  Comparisons use codes: ``record.channel == "direct"``. Arithmetic uses plain numbers: ``(record.fee * 2)|money``.
  group                list of rows, ``row.<column>``; ``loop.index`` counts
  person, ref, …       ``record.applicant_ref.full_name``: what was frozen at signing, else the person of today; ``.id`` is the id;
                       the reference alone prints the name or title of what it points to; ``refs`` is a list of these
                       an officer's ``position``, where he is named and his own record is not here, is a dotted line, and true
  address              prints in full; ``.unit`` code, ``.unit_name``, ``.province``, ``.detail``, ``.original``

**Filters** (each leaves null null, so that dots are printed)
  date                 22/11/2026 · 03/1950 · 1950         moment   22/11/2026 14:30        time   14:30
  long_date            ngày 22 tháng 11 năm 2026 (leading zero for days under 10, months 1 and 2)
  clock_date           14 giờ 30 phút, ngày 22 tháng 11 năm 2026
  words                money or integer: "Tám nghìn đồng chẵn"; date: "Ngày năm tháng ba năm …"; ``number_words``: "hai mươi mốt"
  money                8.000        dong   8.000 đồng      number  1.250
  label                of a choice (also a list of choices, joined by "; ")
  mask                 001090******        upper  "HÀ NỘI"      lines  text with <br>      ordinal  "thứ hai"
  name_case            "Nguyễn Văn An"     pad(n)  at least n digits: 05

**Functions**
  frozen(ref_field, name)          = record.<ref_field>.<name>; ``frozen(ref_field, name, of=other_record)``
  related("tool.record", "field")  records that point at this one (``of=`` another record)
  field_label("field")             its Vietnamese label
  register_number(r=record)        the number, else "SỐ TẠM: …", else "(chờ cấp số)"
  qr(text, size=96)                an <img> of a QR code, ``size`` in px; nothing for null. Stands in a line of its own
                                   by ``<p align="right">{{ qr(…) }}</p>``
  total(rows, "column")            sum of a column over rows or records, nulls left out
  box(value)                       ☒ / ☐
  dots(n=6)                        a dotted line to be filled in by hand
  grid                             attributes of a bordered table: ``<table {{ grid }}>``

**Macros** (resources/paper/macros.html; usable everywhere without import)
  national(rule="60%")             CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM / Độc lập - Tự do - Hạnh phúc
  issuer(upper="ỦY BAN NHÂN DÂN", body=ward.name)        two bold lines and a short rule
  number_line(r=record, suffix="") Số: 05/QĐ-UBND          place_date(value=now)    Hoàn Kiếm, ngày 05 tháng 01 năm 2026
  title(text, sub="", note="")     centred heading
  line(label, value)               "Label: value" on one line     pair(label, value, label2, value2)   two of them side by side
  para(text)                       indented, justified paragraph
  signatures([{"role", "name", "note", "over"}…])   side by side, centred; over: "TM. ỦY BAN NHÂN DÂN"; note: "(Ký, ghi rõ họ tên)"
  recipients(["Như trên;", "Lưu: VT."])             Nơi nhận
  signoff(["Như trên;", "Lưu: VT."], {"role", "name", …})   Nơi nhận on the left, one signature on the right (official letters)
  columns(["STT", …])              header row of a register table and its row of column numbers
  struck(line, n)                  the row of a number that was given to nothing, over ``n`` columns, with the reason

A bordered table's first rows of ``<th>`` (and the row of column numbers under them) come again on each page, and rows stay whole.

Only HTML that QTextDocument draws: layout by tables with ``width`` in per cent, no flex, no float, ``text-indent`` in px, ``<hr width=…>``,
``page-break-before: always``. Text is Times New Roman (Liberation Serif) 13 pt; 11 pt inside registers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    FunctionLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from forms.definition import Catalog, Printout, RecordType
from forms.label import Label
from forms.paper_filters import FILTERS, GRID, dots
from forms.paper_names import PaperNames, PrintContext
from forms.paper_values import shown
from forms.report_definition import Report
from forms.reports import Figures, shown_figure
from resources import read_text

__all__ = ["PrintContext", "PrintError", "render", "render_report", "rendered_paper", "with_heads"]


class PrintError(Exception):
    """The paper could not be made; ``str()`` says which template and why. ``line`` is 0 when unknown."""

    def __init__(self, template: str, line: int, reason: str) -> None:
        self.template, self.line, self.reason = template, line, reason
        place = f"{template}, dòng {line}" if line else template
        super().__init__(f"Không in được theo mẫu {place}: {reason}")

    @property
    def label(self) -> Label:
        place = f"{self.template}, line {self.line}" if self.line else self.template
        return Label(str(self), f"Cannot print with template {place}: {self.reason}")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Templates come with the catalogue, from outside the program: they may read values and nothing behind them."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not attr.startswith("view_") and super().is_safe_attribute(obj, attr, value)


def render(
    record_type: RecordType, printout_id: str, catalog: Catalog, records: Sequence[Any], *, context: PrintContext
) -> str:
    """One printout as a whole HTML document. ``records`` is one record, all of a visit, or a selection, in print order.

    Raises PrintError: no such printout, no record, or a template that fails, with template, line and reason.
    """
    printout = next((each for each in record_type.printouts if each.id == printout_id), None)
    if printout is None:
        raise PrintError(printout_id, 0, f"{record_type.id} không có bản in này")
    if not records:
        raise PrintError(printout.template, 0, "chưa chọn hồ sơ nào để in")
    environment = _environment(Path(catalog.folder) / catalog.tool_of(record_type.id).id / "print")
    names = PaperNames(record_type, printout, catalog, records, context)
    return _rendered(environment, printout.template, names.variables)


def render_report(
    figures: Figures,
    report: Report,
    catalog: Catalog,
    *,
    context: PrintContext,
    before: Figures | None = None,
    narrative: str = "",
) -> str:
    """A report's tables as a paper in the layout of Decree 30/2020 (resources/paper/report.html), with the figures of the
    period ``before`` beside their own where there is one. Raises PrintError."""
    printout = Printout(id=report.id, label=report.label, template="paper/report.html", landscape=report.landscape)
    variables = {
        "figures": figures,
        "report": report,
        "before": {table.id: table for table in before.tables} if before else {},
        "narrative": narrative,
        "cell": shown_figure,
    }
    return rendered_paper(printout, context, Path(catalog.folder), variables)


def rendered_paper(printout: Printout, context: PrintContext, folder: Path, own: dict[str, Any]) -> str:
    """A paper of the program's own, of no one record, in the surroundings of a catalogue's. Raises PrintError."""
    variables = {
        "printout": printout,
        "ward": context.ward,
        "officer": context.officer,
        "now": context.moment,
        "copy_number": 1,
        "temporary": False,
        "number_note": "",
        "record": None,
        "register_number": dots,
        "grid": GRID,
        "dots": dots,
        **own,
    }
    return _rendered(_environment(folder), printout.template, lambda: variables)


def _rendered(environment: _Sandbox, template: str, names: Callable[[], dict[str, Any]]) -> str:
    try:
        variables = names()
        macros: Any = environment.get_template("paper/macros.html").make_module(variables)
        variables |= {name: getattr(macros, name) for name in dir(macros) if not name.startswith("_")}
        return with_heads(environment.get_template(template).render(variables))
    except TemplateSyntaxError as error:
        raise PrintError(error.name or template, error.lineno, error.message or "sai cú pháp") from error
    except TemplateNotFound as error:
        name, line = _line(error)
        raise PrintError(name or template, line, f"không có tệp mẫu {error.name}") from error
    except Exception as error:
        if not isinstance(error, TemplateError) and _line(error) == ("", 0):
            raise
        name, line = _line(error)
        raise PrintError(name or template, line, str(error) or type(error).__name__) from error


_GRID = re.compile(r"<table [^>]*class=\"grid\"[^>]*>")
_HEAD_ROW = re.compile(r"\s*<tr[^>]*>(?:(?!</tr>|<td).)*<th(?:(?!</tr>|<td).)*</tr>", re.DOTALL)
_NUMBER_ROW = re.compile(r"\s*<tr[^>]*>(?:\s*<td[^>]*>\s*<i>\([^<]{1,8}\)</i>\s*</td>)+\s*</tr>")


def with_heads(html: str) -> str:
    """Marks the first rows of bordered tables as their head, which is drawn again on each page."""
    parts, end = [], 0
    for table in _GRID.finditer(html):
        at = table.end()
        while row := _HEAD_ROW.match(html, at):
            at = row.end()
        if at == table.end():
            continue
        if row := _NUMBER_ROW.match(html, at):
            at = row.end()
        parts += [html[end : table.end()], "<thead>", html[table.end() : at], "</thead>"]
        end = at
    return "".join([*parts, html[end:]])


@lru_cache(maxsize=64)
def _environment(folder: Path) -> _Sandbox:
    """One per tool, so that templates are compiled once; a changed file is noticed."""
    layouts: BaseLoader = PrefixLoader({"paper": FunctionLoader(_layout)})
    environment = _Sandbox(
        loader=ChoiceLoader([layouts, FileSystemLoader(folder)]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _layout(name: str) -> tuple[str, str, Callable[[], bool]] | None:
    """(text, name for error messages, still fresh?) of a shared layout."""
    try:
        return read_text("paper", name), f"paper/{name}", lambda: True
    except FileNotFoundError:
        return None


def _line(error: Exception) -> tuple[str, int]:
    """(template, line) where a rendering failed: Jinja puts the templates' own frames into the traceback."""
    place = ("", 0)
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.suffix in (".html", ".css"):
            place = (f"paper/{file.name}" if file.parent == Path("paper") else file.name, trace.tb_lineno)
        trace = trace.tb_next
    return place
