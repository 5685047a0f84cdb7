"""What is inside an invented record's attached file: a page that says it is a sample, the same for the same name."""

from __future__ import annotations

from forms.vietnamese import fold


def sample_file(name: str) -> bytes:
    """A whole PDF of one page. Letters without accents, which the fonts every reader has can show."""
    text = "".join(ch if " " <= ch <= "~" and ch not in "()\\" else "_" for ch in fold(name))[:60]
    drawn = f"BT /F1 18 Tf 60 760 Td (TEP MAU - SAMPLE FILE) Tj 0 -30 Td /F1 11 Tf ({text}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    content, places = b"%PDF-1.4\n", []
    for number, inside in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj%s endobj\n" % (number, inside)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return (
        content
        + head
        + table
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(content))
    )
