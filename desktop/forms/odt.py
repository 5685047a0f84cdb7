"""A paper as an OpenDocument text (ISO/IEC 26300), for offices that go on writing in it.

Qt writes the text and leaves out the page: size, direction and margins are added here, and column widths are put as
shares, the only form that LibreOffice and Word both read.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QPageLayout, QTextDocument, QTextDocumentWriter

_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in (("office", "office"), ("style", "style"), ("fo", "xsl-fo-compatible"), ("text", "text"))
)
_WIDTH = re.compile(r'style:column-width="([\d.]+)%"')
_TABLE = re.compile(r"<style:table-properties ")


def odt_bytes(document: QTextDocument, layout: QPageLayout) -> bytes:
    """The whole file. Raises OSError when Qt cannot write it."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not QTextDocumentWriter(buffer, b"odf").write(document):
        raise OSError("QTextDocumentWriter")
    buffer.close()
    return _with_page(bytes(content.data()), layout)


def _with_page(written: bytes, layout: QPageLayout) -> bytes:
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(written)) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == "content.xml":
                data = _with_shares(data.decode(), layout).encode()
            elif entry.filename == "META-INF/manifest.xml":
                line = '<manifest:file-entry manifest:media-type="text/xml" manifest:full-path="styles.xml"/>'
                data = data.decode().replace("</manifest:manifest>", f"{line}</manifest:manifest>").encode()
            # a reader knows the kind of file by its first entry, which must not be packed
            packing = zipfile.ZIP_STORED if entry.filename == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(entry.filename, data, packing)
        target.writestr("styles.xml", _styles(layout))
    return result.getvalue()


def _with_shares(content: str, layout: QPageLayout) -> str:
    width = layout.paintRect(QPageLayout.Unit.Millimeter).width()
    content = _WIDTH.sub(lambda found: f'style:rel-column-width="{round(float(found[1]) * 100)}*"', content)
    return _TABLE.sub(f'<style:table-properties style:width="{width:.1f}mm" table:align="margins" ', content)


def _styles(layout: QPageLayout) -> str:
    page = layout.fullRect(QPageLayout.Unit.Millimeter)
    margins = layout.margins(QPageLayout.Unit.Millimeter)
    turned = "landscape" if page.width() > page.height() else "portrait"
    sides = {"top": margins.top(), "bottom": margins.bottom(), "left": margins.left(), "right": margins.right()}
    edges = " ".join(f'fo:margin-{side}="{size:.1f}mm"' for side, size in sides.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-styles {_SPACES} office:version="1.2">'
        f'<office:automatic-styles><style:page-layout style:name="page"><style:page-layout-properties '
        f'fo:page-width="{page.width():.1f}mm" fo:page-height="{page.height():.1f}mm" {edges} '
        f'style:print-orientation="{turned}"/></style:page-layout></office:automatic-styles>'
        f'<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="page"/>'
        f"</office:master-styles></office:document-styles>"
    )
