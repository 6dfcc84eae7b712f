"""Which addresses an exchange may connect to, and why it may not. Pure.

Whoever writes an image reference chooses a host that the bot then talks to from inside somebody's
network. So an address that is not public is only asked when the operator named it. What counts is
the address that a connection is really made to: a name may resolve to another one the next time.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import field
from typing import TypeAlias

from imagebot.glob import matches_any
from imagebot.http.zone import NetworkZone, describe, innermost, zone_of
from imagebot.values import dataclass

IpNetwork: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"


class AddressRefusedError(Exception):
    """An address that must not be connected to; `place` is `host:port`.

    `own`: of all that is not public, only the registry itself may be.
    """

    def __init__(self, host: str, port: int, ip: str, *, own: bool) -> None:
        self.own = own
        self.place = join_place(host, port)
        self.zone = zone_of(ip)
        where = describe(self.zone) if host == ip else f"at {ip}, {describe(self.zone)}"
        super().__init__(f"{self.place} is {where}")


@dataclass(frozen=True, slots=True)
class Reach:
    """What the operator named: `places` are `host:port`, `hosts` globs of hosts or of `host:port`.

    `own`: the references are the operator's own, so a registry may be anywhere; but it sends
    nobody nearer than it is itself.
    """

    places: frozenset[str] = frozenset()
    hosts: tuple[str, ...] = ()
    networks: tuple[IpNetwork, ...] = ()
    own: bool = False

    def __or__(self, other: Reach) -> Reach:
        """What either names."""
        return Reach(
            self.places | other.places,
            tuple(dict.fromkeys((*self.hosts, *other.hosts))),
            tuple(dict.fromkeys((*self.networks, *other.networks))),
            self.own or other.own,
        )

    def names(self, host: str, port: int, ip: str = "") -> bool:
        """Whether the operator named the place, or the address `ip` that it stands for."""
        place = join_place(host, port)
        names = (place.removesuffix(f":{port}"), place)
        if place in self.places or any(matches_any(self.hosts, name) for name in names):
            return True
        if not ip or not self.networks:
            return False
        address = innermost(ip)
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Permit:
    """What one exchange may connect to: what `reach` names, and anything no nearer than `zone`.

    Only a `zone` makes a link-local address an allowed one; naming it does not.
    """

    reach: Reach = field(default_factory=Reach)
    zone: NetworkZone = NetworkZone.PUBLIC

    def allows(self, host: str, port: int, ip: str) -> bool:
        """Whether a connection for `host` may go to `ip`."""
        zone = zone_of(ip)
        if zone <= self.zone:
            return True
        return zone is not NetworkZone.LINK_LOCAL and self.reach.names(host, port, ip)

    def names(self, host: str, port: int, ip: str = "") -> bool:
        """Whether the operator stands for a host: by its name, or as it may be this machine."""
        return self.zone >= NetworkZone.LOOPBACK or self.reach.names(host, port, ip)

    def refusal(self, host: str, port: int, ip: str) -> AddressRefusedError:
        """What to raise for an address that is not allowed."""
        return AddressRefusedError(host, port, ip, own=self.reach.own)


PUBLIC_ONLY = Permit()


def join_place(host: str, port: int) -> str:
    """`host:port` in the form to compare, with brackets around an IPv6 address."""
    name = host.lower().removesuffix(".")
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def literal_address(host: str) -> str:
    """The address that a host spells, in any of the ways that resolvers read; "" for a name."""
    bare = host.strip("[]").removesuffix(".")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    if not bare or bare.strip("0123456789abcdefxABCDEFX."):
        return ""
    try:
        # 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 are 127.0.0.1 for many.
        return socket.inet_ntoa(socket.inet_aton(bare))
    except OSError:
        return ""
