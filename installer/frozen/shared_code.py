"""Runs first in a packaged program: its modules are in sophuong.pyz beside the libraries, not in the .exe.

So both programs of Windows share one copy, an .exe stays the same file (and keeps its name with antivirus programs) when
only Python code changes, and a patch touches one file. PyInstaller's reader has read the few modules of the .exe itself;
it is pointed at the other file, which must be of the same Python.
"""


def _share() -> None:
    import os
    import sys

    from pyimod01_archive import ZlibArchiveReader
    from pyimod02_importers import pyz_archive

    try:
        reader = ZlibArchiveReader(vars(sys)["_MEIPASS"] + "/sophuong.pyz", 0, check_pymagic=True)
    except Exception:
        # of an update: PyInstaller's box would keep the launcher from going back to the version before until somebody closes it
        if sys.executable.replace("\\", "/").split("/")[-3:-2] == ["versions"]:
            os._exit(1)
        raise
    vars(pyz_archive).update(vars(reader))


_share()
