"""Tries the packages that were built: installed, started, worked with, upgraded and removed, on Wine and on bare Debians.

``python -m installer.trying [windows] [msi] [linux] [deb]`` prints one table of figures beside their bounds; pictures and
logs go to ``dist/try/``. It runs the packages and the program's own processes; of its
code it imports what a release is made with.
"""
