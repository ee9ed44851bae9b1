"""Only public addresses, however they are spelt."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from cutover.errors import CutoverError, Refused, SourceUnavailable
from cutover.sources.addresses import checked, is_public, resolved


@pytest.mark.parametrize("address", ["1.1.1.1", "52.95.110.1", "2606:4700:4700::1111", "2a05:d018::1"])
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


FORBIDDEN = {
    "this network": "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "private, 10": "10.1.2.3",
    "private, 172": "172.31.255.255",
    "private, 192": "192.168.0.1",
    "loopback": "127.0.0.1",
    "another loopback": "127.8.9.10",
    "link-local, the metadata service": "169.254.169.254",
    "credentials of containers": "169.254.170.2",
    "carrier-grade NAT": "100.64.0.1",
    "metadata in carrier-grade NAT": "100.100.100.200",
    "metadata at a public number": "168.63.129.16",
    "protocol assignments": "192.0.0.192",
    "documentation": "203.0.113.7",
    "benchmarking": "198.19.0.1",
    "6to4 relay": "192.88.99.1",
    "AS112": "192.175.48.1",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 unspecified": "::",
    "IPv6 loopback": "::1",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with a zone": "fe80::1%eth0",
    "a zone on a public address": "2606:4700::1%eth0",
    "IPv6 unique local": "fd00:ec2::254",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv4-mapped": "::ffff:169.254.169.254",
    "IPv4-mapped, of a public one": "::ffff:1.1.1.1",
    "IPv4-compatible": "::127.0.0.1",
    "6to4": "2002:7f00:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "NAT64": "64:ff9b::a9fe:a9fe",
    "NAT64, local": "64:ff9b:1::7f00:1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 documentation, new": "3fff::1",
    "segment routing": "5f00::1",
    "discard": "100::1",
}


@pytest.mark.parametrize("address", FORBIDDEN.values(), ids=FORBIDDEN)
def test_no_special_address_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("spelling", ["127.1", "0x7f.1", "2130706433", "017700000001", "localhost"])
def test_a_spelling_is_resolved_to_what_it_means(spelling: str) -> None:
    assert "127.0.0.1" in resolved(spelling, 443)


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "nobody.invalid"])
def test_a_name_that_nobody_knows_is_unreachable(name: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        resolved(name, 443)
    assert caught.value.code == "SOURCE_UNREACHABLE"


def check(*addresses: str) -> list[str]:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return checked("records.example", 443, resolve=resolve, allowed=is_public)


def test_one_forbidden_address_among_public_ones_forbids_the_host() -> None:
    assert check("1.1.1.1", "2606:4700::1") == ["1.1.1.1", "2606:4700::1"]
    with pytest.raises(Refused) as caught:
        check("1.1.1.1", "10.0.0.1", "2606:4700::1")
    assert caught.value.code == "SOURCE_ADDRESS_FORBIDDEN"
    assert "10.0.0.1" not in str(caught.value)


def test_a_name_without_addresses_is_unreachable() -> None:
    with pytest.raises(CutoverError) as caught:
        check()
    assert isinstance(caught.value, SourceUnavailable)
