"""The launchers: a small C program for Windows (by mingw-w64) and its twin in sh for Linux.

``python -m installer.launcher`` makes build/windows/launcher/sophuong.exe and sophuong-cli.exe, and build/linux/launcher/
sophuong.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from installer import BUILD, version
from installer.tools import need

HERE = Path(__file__).parent
COMPILER, RESOURCES = "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-windres"
PACKAGE = "gcc-mingw-w64-x86-64"
STRICT = (
    "-std=c11",
    "-Os",
    "-s",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-municode",
    "-static",
    "-fno-ident",
    "-Wl,--no-insert-timestamp",
)
_RESOURCE = """#include <windows.h>
1 VERSIONINFO FILEVERSION {numbers} PRODUCTVERSION {numbers} FILEOS VOS_NT_WINDOWS32 FILETYPE VFT_APP
BEGIN
  BLOCK "StringFileInfo" BEGIN BLOCK "042a04b0" BEGIN
    VALUE "FileDescription", L"S\\x1ed5 Ph\\x01b0\\x1eddng"
    VALUE "ProductName", L"S\\x1ed5 Ph\\x01b0\\x1eddng"
    VALUE "FileVersion", "{version}"
    VALUE "ProductVersion", "{version}"
    VALUE "OriginalFilename", "{name}"
  END END
  BLOCK "VarFileInfo" BEGIN VALUE "Translation", 0x042a, 1200 END
END
1 RT_MANIFEST "launcher.manifest"
{icon}
"""
_MANIFEST = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
<trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges>
<requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security></trustInfo>
<compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
<supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/></application></compatibility>
<application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>
<longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
<dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true</dpiAware>
</windowsSettings></application></assembly>
"""


def build_windows(folder: Path = BUILD / "windows" / "launcher", icon: Path | None = None) -> list[Path]:
    """sophuong.exe without a console and sophuong-cli.exe with one."""
    need({COMPILER: PACKAGE})
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, how in (("sophuong.exe", ["-mwindows"]), ("sophuong-cli.exe", ["-mconsole", "-DCONSOLE"])):
        resource = _resource(folder, name, icon)
        sources = [str(HERE / "launcher.c"), str(HERE / "choose.c"), str(resource)]
        subprocess.run([COMPILER, *STRICT, *how, "-o", str(folder / name), *sources], check=True)
        made.append(folder / name)
    for left in folder.iterdir():
        if left.suffix in (".rc", ".o", ".manifest"):
            left.unlink()
    return made


def _resource(folder: Path, name: str, icon: Path | None) -> Path:
    numbers = [*version().split("."), "0", "0", "0"][:4]
    (folder / "launcher.manifest").write_text(_MANIFEST, "utf-8")
    source, made = folder / f"{name}.rc", folder / f"{name}.o"
    drawn = f'1 ICON "{icon}"' if icon else ""
    text = _RESOURCE.format(numbers=",".join(numbers), version=version(), name=name, icon=drawn)
    source.write_text(text.replace("RT_MANIFEST", "24"), "utf-8")
    subprocess.run([RESOURCES, "-I", str(folder), "-O", "coff", str(source), str(made)], check=True)
    return made


def build_linux(folder: Path = BUILD / "linux" / "launcher") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "sophuong"
    shutil.copyfile(HERE / "sophuong.sh", made)
    made.chmod(0o755)
    return made
