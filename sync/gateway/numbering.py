"""Reading register numbers, as the city does: the reader is the one PCs use (``sync.number_reader``)."""

from sync.number_reader import NumberReader, Read

__all__ = ["NumberReader", "Read"]
