"""Runs inside a program of any version (its folder is the working folder): one command line per line of stdin.

Knows nothing of this version's code, and must go on working with the oldest one.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

sys.path[0] = "."

from desktop.__main__ import main  # noqa: E402
from sync.store import vault  # noqa: E402

vault.MEMORY_KIB, vault.ROUNDS = 64, 1  # these stores guard nothing
answers = sys.stdout
for line in sys.stdin:
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main(json.loads(line))
    said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))
    answers.write(json.dumps({"code": code, "out": said, "err": complained}) + "\n")
    answers.flush()
