from __future__ import annotations

import sys

from installer.launcher import build_linux, build_windows
from installer.layout import icons

wanted = sys.argv[1:] or ["linux", "windows"]
made = [build_linux()] if "linux" in wanted else []
made += build_windows(icon=icons() / "app.ico") if "windows" in wanted else []
for path in made:
    sys.stdout.write(f"{path}  {path.stat().st_size // 1024} KB\n")
