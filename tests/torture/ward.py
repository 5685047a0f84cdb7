"""What the PCs of the torture work on: two registers of the real catalogue, two fields of each, and a file."""

from __future__ import annotations

from forms.loader import load_catalog

WARD = "00070"
PERSON, PAPER = "residence.citizen", "certification.cert_copy"
TEXTS = {PERSON: ("full_name", "other_name"), PAPER: ("doc_title", "doc_issuer")}
SCAN = "file"
"""The field of a paper that holds its scan."""
NEXT = {(PAPER, "received"): "check", (PAPER, "checking"): "certify", (PAPER, "certified"): "return"}
"""What an officer does next with a record; ``certify`` takes a number of the book that one of the PCs holds."""
CATALOG = load_catalog()
