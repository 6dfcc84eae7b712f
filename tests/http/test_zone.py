from __future__ import annotations

import pytest

from imagebot.http.zone import NetworkZone, describe, zone_of

ADDRESSES = {
    NetworkZone.PUBLIC: "8.8.8.8 2600::1 64:ff9b::808:808 ::ffff:8.8.8.8 2002:808:808::1",
    NetworkZone.PRIVATE: "192.168.0.1 10.0.0.1 172.16.0.1 100.64.0.1 198.18.0.1 192.0.2.1 "
    "224.0.0.1 255.255.255.255 240.0.0.1 fd00::1 fec0::1 ff02::1 2001:db8::1 "
    "::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1:: ::10.0.0.1 2001:0:808:808:0:0:f5ff:fffe "
    "::ffff:0:10.0.0.1 64:ff9b:1::7f00:1 3fff::1 4000::1 5f00::1 ::5efe:808:808 100::1",
    NetworkZone.LOOPBACK: "127.0.0.1 127.1.2.3 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: "
    "::127.0.0.1 ::ffff:0:127.0.0.1",
    # Also the metadata of AWS, Google, Azure, Alibaba, Oracle and Scaleway.
    NetworkZone.LINK_LOCAL: "169.254.169.254 169.254.170.2 fe80::1 fe80::1%eth0 0.0.0.0 0.1.2.3 :: "
    "fd00:ec2::254 fd00:ec2::23 fd00:42::42 fd20:ce::254 168.63.129.16 100.100.100.200 192.0.0.192 "
    "::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe:: ::169.254.169.254 "
    "::ffff:0.0.0.0 ::ffff:168.63.129.16",
}


@pytest.mark.parametrize(
    ("address", "zone"),
    [(address, zone) for zone, listed in ADDRESSES.items() for address in listed.split()],
)
def test_zones(address: str, zone: NetworkZone) -> None:
    assert zone_of(address) is zone


def test_every_zone_can_be_named() -> None:
    assert len({describe(zone) for zone in NetworkZone}) == 4
