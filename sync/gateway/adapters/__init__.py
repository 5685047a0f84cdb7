"""How deliveries travel: one small module a way, chosen by the address given for a service.

``http(s)://…`` a webhook (rest.py); with ``#key=FILE`` signed (signature.py); ``edxml+http(s)://…`` document packages
(package.py); ``file:///FOLDER`` a drop folder (drop.py). A fragment is read here and never travels.
"""

from sync.gateway.adapters.address import Address, AddressError, parse_address
from sync.gateway.adapters.base import Adapter, Arrival, ArrivalReport, Tools, make_adapter

__all__ = [
    "Adapter",
    "Address",
    "AddressError",
    "Arrival",
    "ArrivalReport",
    "Tools",
    "make_adapter",
    "parse_address",
]
