"""Runs first in a packaged program: its modules are in sophuong.pyz beside the libraries, not in the .exe.

So both programs of Windows share one copy, an .exe stays the same file (and keeps its name with antivirus programs) when
only Python code changes, and a patch touches one file. PyInstaller's reader has read the few modules of the .exe itself;
it is pointed at the other file, which must be of the same Python.
"""


def _share() -> None:
    import sys

    from pyimod01_archive import ZlibArchiveReader
    from pyimod02_importers import pyz_archive

    vars(pyz_archive).update(vars(ZlibArchiveReader(vars(sys)["_MEIPASS"] + "/sophuong.pyz", 0, check_pymagic=True)))


_share()
