"""Which addresses a source may live at: public ones. A name is resolved once, and what was checked is what is used.

A name of a listed host can lead anywhere: to the metadata service, to a database in the same network, to this very
machine. So no address of a special-purpose registry is let through (RFC 6890), nor one in which IPv6 carries an IPv4
address that somebody between here and there would unpack (RFC 4291 §2.5.5, RFC 3056, RFC 4380, RFC 6052).
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from cutover.errors import Refused, SourceUnavailable

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host and port, in the order in which to try them."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA gives out of IPv6. The rest is local, multicast, reserved, or carries IPv4."""
_SPECIAL = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's metadata, at an address that is public by its number
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
"""The IANA registries of special-purpose addresses, written out: what the standard library makes of them changes."""


def is_public(address: Address) -> bool:
    """Whether an address is somebody's out in the Internet."""
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address.scope_id):
        return False
    special = any(address.version == each.version and address in each for each in _SPECIAL)
    return not special and address.is_global and not address.is_multicast and not address.is_reserved


def resolved(host: str, port: int) -> list[str]:
    """By the system's resolver, which bounds its own time. Spellings such as ``0x7f.1`` come out as what they mean.

    Raises ``SourceUnavailable`` (``SOURCE_UNREACHABLE``).
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnavailable("SOURCE_UNREACHABLE", f"the name {host} was not resolved") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def checked(host: str, port: int, *, resolve: Resolve, allowed: Callable[[Address], bool]) -> list[str]:
    """The addresses of a host, when every one of them is allowed.

    Raises ``Refused`` (``SOURCE_ADDRESS_FORBIDDEN``): one bad address among good ones is one that a second try, or a
    server that refuses the first connection, would lead to.
    """
    found = [ip_address(each) for each in resolve(host, port)]
    if not found:
        raise SourceUnavailable("SOURCE_UNREACHABLE", f"the name {host} has no address")
    if not all(allowed(each) for each in found):
        raise Refused(
            "SOURCE_ADDRESS_FORBIDDEN",
            f"{host} has an address that is not public",
            "serve the source at a public address; networks of one's own are not reached",
        )
    return [str(each) for each in found]
