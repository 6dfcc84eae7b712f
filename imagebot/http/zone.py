"""How near an address is to the machine that the bot runs on. Pure."""

from __future__ import annotations

import enum
import ipaddress
from typing import TypeAlias

IpAddress: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
# Where clouds answer without a password who a machine is, and hand out its secrets: AWS also over
# IPv6, Google over IPv6, Azure's wire server, Alibaba and Oracle. 169.254.0.0/16 is link-local.
_METADATA = tuple(
    map(
        ipaddress.ip_network,
        (
            *("fd00:ec2::/32", "fd20:ce::254/128", "168.63.129.16/32"),
            *("100.100.100.200/32", "192.0.0.192/32"),
        ),
    )
)
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")


class NetworkZone(enum.IntEnum):
    """`LINK_LOCAL` has all where no registry is asked: metadata and unspecified addresses, too."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    LINK_LOCAL = 3


def zone_of(address: str) -> NetworkZone:
    """The zone of a literal address; of the IPv4 address inside an IPv6 one, if there is one."""
    ip = _unwrap(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip.is_unspecified or ip in _THIS_NETWORK:
        return NetworkZone.LINK_LOCAL
    if any(ip in network for network in _METADATA):
        return NetworkZone.LINK_LOCAL
    if ip.is_loopback:
        return NetworkZone.LOOPBACK
    outside = ip.is_global and not ip.is_multicast and ip not in _SITE_LOCAL
    return NetworkZone.PUBLIC if outside else NetworkZone.PRIVATE


def describe(zone: NetworkZone) -> str:
    """What an address of the zone is, for a message."""
    return {
        NetworkZone.PUBLIC: "a public address",
        NetworkZone.PRIVATE: "a private address",
        NetworkZone.LOOPBACK: "this machine",
        NetworkZone.LINK_LOCAL: "a link-local or metadata address",
    }[zone]


def _unwrap(ip: IpAddress) -> IpAddress:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.teredo:
        return ip.teredo[1]
    return ip.ipv4_mapped or ip.sixtofour or ip
