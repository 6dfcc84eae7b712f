"""How near an address is to the machine that the bot runs on. Pure."""

from __future__ import annotations

import enum
import functools
import ipaddress
from typing import TypeAlias

IpAddress: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

# The last 32 bits of these are an IPv4 address: for NAT64 (RFC 6052), SIIT (RFC 2765), and the
# compatible ones of RFC 4291, of which `::` and `::1` are none.
_IPV4_INSIDE = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
# Where clouds answer without a password who a machine is, and hand out its secrets: AWS also over
# IPv6, Google and Scaleway over IPv6, Azure's wire server, Alibaba and Oracle. 169.254.0.0/16 is
# link-local.
_METADATA = tuple(
    map(
        ipaddress.ip_network,
        (
            *("fd00:ec2::/32", "fd20:ce::254/128", "fd00:42::42/128", "168.63.129.16/32"),
            *("100.100.100.200/32", "192.0.0.192/32"),
        ),
    )
)
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
# Of IPv6, all that is routed on the internet (RFC 4291), and in it what is for documentation alone
# (RFC 9637). Which others are global depends on the version of Python.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")


class NetworkZone(enum.IntEnum):
    """`LINK_LOCAL` has all where no registry is asked: metadata and unspecified addresses, too."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    LINK_LOCAL = 3


# Asked for every exchange, of a few addresses.
@functools.lru_cache(maxsize=512)
def zone_of(address: str) -> NetworkZone:
    """The zone of a literal address."""
    ip = innermost(address)
    if ip.is_link_local or ip.is_unspecified or ip in _THIS_NETWORK:
        return NetworkZone.LINK_LOCAL
    if any(ip in network for network in _METADATA):
        return NetworkZone.LINK_LOCAL
    if ip.is_loopback:
        return NetworkZone.LOOPBACK
    outside = ip.version == 4 or (ip in _GLOBAL_UNICAST and ip not in _DOCUMENTATION)
    public = outside and ip.is_global and not ip.is_multicast
    return NetworkZone.PUBLIC if public else NetworkZone.PRIVATE


def innermost(address: str) -> IpAddress:
    """A literal address, or the IPv4 address inside it, which it leads to."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if int(ip) > 1 and any(ip in network for network in _IPV4_INSIDE):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.teredo:
        return ip.teredo[1]
    return ip.ipv4_mapped or ip.sixtofour or ip


def describe(zone: NetworkZone) -> str:
    """What an address of the zone is, for a message."""
    return {
        NetworkZone.PUBLIC: "a public address",
        NetworkZone.PRIVATE: "a private address",
        NetworkZone.LOOPBACK: "this machine",
        NetworkZone.LINK_LOCAL: "a link-local or metadata address",
    }[zone]
