"""Records as rows of files: NDJSON, CSV and spreadsheets, by definition. No store; who calls decides what becomes of them.

A *line* is one record as written in a file: values as they stand there, with the number of the line for messages.
``reading`` makes lines of files, ``values`` makes canonical fields of a line, ``writing`` makes files of records.
"""

from forms.exchange.inside import Inside, UnusableReferenceError, read_inside
from forms.exchange.lines import ExchangeError, Line, LineProblem
from forms.exchange.reading import read_lines
from forms.exchange.values import LineValues, holding_rows, read_values
from forms.exchange.writing import whole_file, write_records

__all__ = [
    "ExchangeError",
    "Inside",
    "Line",
    "LineProblem",
    "LineValues",
    "UnusableReferenceError",
    "holding_rows",
    "read_inside",
    "read_lines",
    "read_values",
    "whole_file",
    "write_records",
]
