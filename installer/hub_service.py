"""How the ward's hub runs with nobody signed in: a service of Windows, a unit of systemd, and the way through the firewall.

``install_commands`` and ``remove_commands`` are lines for the installer, run as administrator, for the whole machine. Each may
be run again: over an older version they point the same service at the new program. The hub begins to serve once
``sophuong hub join CODE --city URL`` was run as administrator; until then the service waits.
"""

from __future__ import annotations

PORT = 8621
MDNS = 5353
SERVICE = "SoPhuongHub"
RULE = "SoPhuong hub"
IN_NSIS = r"$INSTDIR\app\${VERSION}\${CLI}"
"""The program as the installer's script names it."""
_ACCOUNT = r"NT AUTHORITY\LocalService"
_FOLDER = r"%ProgramData%\SoPhuong\hub"
_MAY = "*S-1-5-19:(OI)(CI)M *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F"  # LocalService, the system, administrators


def install_commands(program: str = IN_NSIS, port: int = PORT) -> tuple[str, ...]:
    """Some fail without harm: stopping and deleting what is not there, creating what is."""
    run = rf'binPath= "\"{program}\" hub serve --service --port {port}"'
    account = f'start= delayed-auto obj= "{_ACCOUNT}"'
    return (
        f"sc.exe stop {SERVICE}",
        f'sc.exe create {SERVICE} {run} {account} DisplayName= "So Phuong - may trung gian (hub)"',
        f"sc.exe config {SERVICE} {run} {account}",
        f'sc.exe description {SERVICE} "Giu cho cac may cua phuong trao doi ho so khi mat duong truyen ra thanh pho."',
        f"sc.exe failure {SERVICE} reset= 86400 actions= restart/5000/restart/60000/restart/300000",
        f"sc.exe failureflag {SERVICE} 1",
        f'cmd.exe /d /c if not exist "{_FOLDER}" mkdir "{_FOLDER}"',
        f'cmd.exe /d /c icacls "{_FOLDER}" /inheritance:r /grant:r {_MAY}',
        *firewall_commands(program, port),
        f"sc.exe start {SERVICE}",
    )


def firewall_commands(program: str = IN_NSIS, port: int = PORT) -> tuple[str, ...]:
    """PCs in the office's networks reach the hub, and its questions by multicast DNS do; nobody in a public one."""
    rule = f'netsh.exe advfirewall firewall add rule name="{RULE}" dir=in action=allow program="{program}"'
    where = "profile=domain,private enable=yes"
    return (
        f'netsh.exe advfirewall firewall delete rule name="{RULE}"',
        f"{rule} protocol=TCP localport={port} {where}",
        f"{rule} protocol=UDP localport={MDNS} remoteip=localsubnet {where}",
    )


def remove_commands() -> tuple[str, ...]:
    """What the hub kept stays, as all data does; ``gateway hub withdraw`` makes it worth nothing."""
    return (
        f"sc.exe stop {SERVICE}",
        f"sc.exe delete {SERVICE}",
        f'netsh.exe advfirewall firewall delete rule name="{RULE}"',
    )


UNIT_NAME = "so-phuong-hub.service"


def systemd_unit(program: str = "/usr/bin/sophuong", port: int = PORT) -> str:
    """For /lib/systemd/system; not enabled by itself."""
    return f"""[Unit]
Description=Sổ Phường: the ward's hub (máy trung gian)
Documentation=man:sophuong(1)
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={program} hub serve --port {port}
Restart=always
RestartSec=10
User=so-phuong-hub
DynamicUser=yes
StateDirectory=so-phuong-hub
StateDirectoryMode=0700
Environment=PYTHONUTF8=1 HOME=/var/lib/so-phuong-hub
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
LockPersonality=yes
SystemCallFilter=@system-service
MemoryMax=512M

[Install]
WantedBy=multi-user.target
"""
