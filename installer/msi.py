"""The MSI for group policy, by wixl: ``python -m installer.msi``. For the whole machine; docs/operating.md has its properties.

    msiexec /i SoPhuong-1.2.3.msi /qn CONFIG=\\\\server\\share\\rollout.toml AUTOSTART=1 DESKTOP=1

What it lays is what setup.exe lays. The same input makes the same tables: ids are derived from names and contents.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

from installer import BUILD, DIST, signing, version
from installer.layout import DEEPEST_WINDOWS, Layout, NothingToPackage, icons, windows
from installer.tools import call, need

NAMESPACE = uuid.UUID("7d9a4f0e-5d0f-5c55-9a0b-6f1f0a8f4c11")
"""Never changes: by the ids made from it Windows knows that two packages are the same program."""
WORK = BUILD / "windows"
"""Where wixl runs: it takes sources by relative names alone."""
PRODUCT = "So Phuong"  # wixl writes ASCII alone: the right words are put in afterwards
ROOT_LENGTH = len(r"C:\Program Files\SoPhuong")
CHOICES = ("CONFIG", "AUTOSTART", "DESKTOP")
RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
FIRST_BUILD = 17763  # Windows 10 1809

OLD_WINDOWS, NEWER_THERE, OTHER_THERE = "@old windows", "@newer there", "@other there"
WORDS = {
    PRODUCT: "Sổ Phường",
    OLD_WINDOWS: "Sổ Phường cần Windows 10 bản 1809 (64 bit) trở lên. / Windows 10 version 1809 (64-bit) or newer is needed.",
    NEWER_THERE: "Máy này đã có bản mới hơn; muốn lùi bản thì gỡ trước. / A newer version is installed; remove it first to go back.",
    OTHER_THERE: "Máy này đã cài Sổ Phường bằng setup.exe /ALLUSERS: hãy gỡ trước, dữ liệu được giữ nguyên. / "
    "Sổ Phường was installed on this PC by setup.exe /ALLUSERS: remove that first, data stays.",
}
REWRITTEN = ("Property", "Shortcut", "LaunchCondition", "Upgrade")  # the tables that hold them, or something of these:
REPLACED = {
    "SecureCustomProperties\t": f"SecureCustomProperties\t{';'.join(CHOICES)};",
    "\t1\t\tWIX_UPGRADE_DETECTED": "\t513\t\tWIX_UPGRADE_DETECTED",  # another build of the same version too
}

# what wixl has no words for: the configuration copied in, and taken away with the program; parts by choice
TABLES = (
    "CREATE TABLE `MoveFile` (`FileKey` CHAR(72) NOT NULL, `Component_` CHAR(72) NOT NULL, `SourceName` CHAR(255) LOCALIZABLE, "
    "`DestName` CHAR(255) LOCALIZABLE, `SourceFolder` CHAR(72), `DestFolder` CHAR(72) NOT NULL, `Options` INT NOT NULL "
    "PRIMARY KEY `FileKey`)",
    "INSERT INTO `MoveFile` (`FileKey`, `Component_`, `DestName`, `SourceFolder`, `DestFolder`, `Options`) "
    "VALUES ('config', 'c_entry', 'rollout.toml', 'CONFIG', 'INSTALLDIR', 0)",
    "INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `FileName`, `DirProperty`, `InstallMode`) "
    "VALUES ('config_away', 'c_entry', 'rollout.toml', 'INSTALLDIR', 2)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('MoveFiles', 3800)",
    # the old version goes when the new one lies there: what both have, the configuration too, stays where it is
    "UPDATE `InstallExecuteSequence` SET `Sequence` = 6601 WHERE `Action` = 'RemoveExistingProducts'",
    "UPDATE `Component` SET `Condition` = 'DESKTOP' WHERE `Component` = 'c_desktop'",
    "UPDATE `Component` SET `Condition` = 'AUTOSTART' WHERE `Component` = 'c_autostart'",
)


def build(
    layout: Layout | None = None, output: Path | None = None, *, number: str | None = None, sign: bool = True
) -> list[Path]:
    """dist/SoPhuong-<version>.msi, signed. Raises NothingToPackage where a path is too long for Windows."""
    need({"wixl": "wixl", "msibuild": "msitools"})
    layout = layout or windows()
    number = number or version()
    output = (output or DIST / f"SoPhuong-{number}.msi").absolute()
    deepest = ROOT_LENGTH + layout.longest(number)
    if deepest > DEEPEST_WINDOWS:
        raise NothingToPackage(f"the longest path would have {deepest} characters; Windows opens {DEEPEST_WINDOWS}")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    if sign:
        signing.sign_programs(layout)
    WORK.mkdir(parents=True, exist_ok=True)
    source = WORK / f"{output.stem}.wxs"
    ET.indent(tree := ET.ElementTree(describe(layout, number)))
    tree.write(source, encoding="utf-8", xml_declaration=True)
    call(["wixl", "-a", "x64", "-o", output, source.name], folder=WORK)
    source.unlink()
    for query in TABLES:
        call(["msibuild", output, "-q", query])
    _rewrite(output)
    if sign:
        signing.sign(output)
    return [output]


def _rewrite(package: Path) -> None:
    """Vietnamese in place of the ASCII stand-ins, in UTF-8; and what no statement can change."""
    with tempfile.TemporaryDirectory() as folder:
        forced = Path(folder, "_ForceCodepage.idt")
        forced.write_bytes(b"\r\n\r\n65001\t_ForceCodepage\r\n")
        tables = [forced]
        for name in REWRITTEN:
            text = call(["msiinfo", "export", package, name])
            for before, after in (WORDS | REPLACED).items():
                text = text.replace(before, after)
            tables.append(Path(folder, f"{name}.idt"))
            tables[-1].write_text(text, "utf-8", newline="")
        for table in tables:
            call(["msibuild", package, "-i", table.name], folder=Path(folder))


@dataclass
class _Folders:
    """The tree of folders under INSTALLDIR as it grows."""

    root: ET.Element
    made: dict[PurePosixPath, ET.Element] = field(default_factory=dict)

    def at(self, path: PurePosixPath) -> ET.Element:
        if path == PurePosixPath("."):
            return self.root
        if path not in self.made:
            above = self.at(path.parent)
            self.made[path] = _put(above, "Directory", Id=_id("d", str(path)), Name=path.name)
        return self.made[path]


def describe(layout: Layout, number: str) -> ET.Element:
    """The package as WiX source."""
    wix = ET.Element("Wix", xmlns="http://schemas.microsoft.com/wix/2006/wi")
    product = _put(
        wix,
        "Product",
        Name=PRODUCT,
        Id=_guid("product", number, _digest(layout)),
        UpgradeCode=_guid("upgrade"),
        Language="1066",  # Vietnamese
        Version=number,
        Manufacturer=PRODUCT,
    )
    about = {"Description": PRODUCT, "Manufacturer": PRODUCT, "Keywords": "Installer"}
    _put(product, "Package", **about, InstallerVersion="500", Compressed="yes", InstallScope="perMachine")
    _put(product, "Media", Id="1", Cabinet="program.cab", EmbedCab="yes")
    _put(product, "MajorUpgrade", DowngradeErrorMessage=NEWER_THERE)
    # every file is laid anew, whatever its version or date says
    for name, value in (("ARPNOREPAIR", "1"), ("ARPNOMODIFY", "1"), ("REINSTALLMODE", "amus")):
        _put(product, "Property", Id=name, Value=value)
    key = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    # what was chosen once holds for the next version too, and is known when all is removed
    _search(product, "DESKTOP", r"Software\SoPhuong", "Desktop")
    _search(product, "AUTOSTART", RUN_KEY, "SoPhuong")
    _search(product, "WINDOWSBUILDNOW", key, "CurrentBuildNumber")
    _search(product, "SETUPTHERE", r"Software\Microsoft\Windows\CurrentVersion\Uninstall\SoPhuong", "InstallLocation")
    for rule, message in ((f"WINDOWSBUILDNOW >= {FIRST_BUILD}", OLD_WINDOWS), ("NOT SETUPTHERE", OTHER_THERE)):
        _put(product, "Condition", Message=message).text = f"Installed OR {rule}"
    _put(product, "Icon", Id="program.ico", SourceFile=os.path.relpath(icons() / "app.ico", WORK))
    _put(product, "Property", Id="ARPPRODUCTICON", Value="program.ico")
    install, start, desktop = _places(product)
    feature = _put(product, "Feature", Id="Program", Title=PRODUCT, Level="1")
    starts = _lay_files(_Folders(install), feature, layout, number)
    _lay_entry(install, feature)
    _lay_start(start, desktop, install, feature, starts)
    return wix


def _places(product: ET.Element) -> tuple[ET.Element, ET.Element, ET.Element]:
    target = _put(product, "Directory", Id="TARGETDIR", Name="SourceDir")
    files = _put(target, "Directory", Id="ProgramFiles64Folder")
    install = _put(files, "Directory", Id="INSTALLDIR", Name="SoPhuong")
    return install, _put(target, "Directory", Id="ProgramMenuFolder"), _put(target, "Directory", Id="DesktopFolder")


def _lay_files(folders: _Folders, feature: ET.Element, layout: Layout, number: str) -> str:
    """A component for each file; the formatted path of the program that the shortcuts start."""
    app = PurePosixPath("app", number)
    files = [(app / path.as_posix(), layout.bundle / path) for path in layout.files]
    files += [(PurePosixPath(path.name), path) for path in layout.launchers]
    for inside, source in files:
        key = _id("f", str(inside))
        component = _component(folders.at(inside.parent), feature, f"c_{key}", str(inside))
        _put(component, "File", Id=key, Name=inside.name, Source=os.path.relpath(source, WORK), KeyPath="yes")
    first = PurePosixPath(layout.program) if layout.launchers else app / layout.program
    return f"[#{_id('f', str(first))}]"


def _lay_entry(install: ET.Element, feature: ET.Element) -> None:
    component = _component(install, feature, "c_entry", "entry")
    _registry(component, r"Software\SoPhuong", "Package", "msi", key_path=True)
    _registry(component, r"Software\SoPhuong", "InstallLocation", "[INSTALLDIR]")
    _put(component, "RemoveFolder", Id="install_away", On="uninstall")


def _lay_start(start: ET.Element, desktop: ET.Element, install: ET.Element, feature: ET.Element, target: str) -> None:
    menu = _component(start, feature, "c_menu", "menu")
    _shortcut(menu, "menu_entry", target)
    _registry(menu, r"Software\SoPhuong", "Menu", "1", key_path=True)
    icon_ = _component(desktop, feature, "c_desktop", "desktop")
    _shortcut(icon_, "desktop_entry", target)
    _registry(icon_, r"Software\SoPhuong", "Desktop", "1", key_path=True)
    run = _component(install, feature, "c_autostart", "autostart")
    command = f'"{target}" --background'
    _registry(run, RUN_KEY, "SoPhuong", command, key_path=True)


def _component(folder: ET.Element, feature: ET.Element, name: str, of: str) -> ET.Element:
    component = _put(folder, "Component", Id=name, Guid=_guid("component", of), Win64="yes")
    _put(feature, "ComponentRef", Id=name)
    return component


def _registry(component: ET.Element, key: str, name: str, value: str, *, key_path: bool = False) -> None:
    given = {"KeyPath": "yes"} if key_path else {}
    _put(component, "RegistryValue", Root="HKLM", Key=key, Name=name, Type="string", Value=value, **given)


def _search(product: ET.Element, name: str, key: str, value: str) -> None:
    place = _put(product, "Property", Id=name)
    _put(place, "RegistrySearch", Id=f"s_{name}", Root="HKLM", Key=key, Name=value, Type="raw", Win64="yes")


def _shortcut(component: ET.Element, name: str, target: str) -> None:
    _put(component, "Shortcut", Id=name, Name=PRODUCT, Target=target, WorkingDirectory="PersonalFolder")


def _put(above: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(above, tag, attributes)


def _id(kind: str, text: str) -> str:
    return f"{kind}_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def _guid(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(parts))).upper()


def _digest(layout: Layout) -> str:
    whole = hashlib.sha256()
    for path in layout.files:
        whole.update(f"{path.as_posix()}\0{hashlib.sha256((layout.bundle / path).read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


if __name__ == "__main__":
    for path in build():
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")
