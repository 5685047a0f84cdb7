"""The program's version as the window, ``sophuong --version`` and updates say it."""

from resources.version import VERSION

__all__ = ["VERSION"]
