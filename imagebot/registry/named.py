"""Which hosts the operator names, so that they may be asked although they are not public. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from imagebot.config.model import BotConfiguration, Limits
from imagebot.http.address import hostname, normalise_host
from imagebot.http.endpoint import network_host
from imagebot.http.reach import Reach, join_place

_USUAL_PORTS = (443, 80)
_PORT_RE = re.compile(r":[0-9]{1,5}")
_GLOB = frozenset("*?[]{}!")


def reach_of_bot(bot: BotConfiguration, logins: Iterable[str] = ()) -> Reach:
    """What the bot's own file names for all targets, and the hosts of docker's `logins`.

    A host in `limits.images` or `limits.private-hosts` is named for its target alone.
    """
    named = [
        *(options.host for options in bot.registries),
        *(options.mirror for options in bot.registries if options.mirror),
        *(options.tags_from for options in bot.registries if options.tags_from),
        *(credential.key for credential in bot.registry_credentials),
        *logins,
    ]
    return Reach(places=frozenset(place for each in named for place in _places(each)))


def reach_of_limits(limits: Limits) -> Reach:
    """What a target's limits name: the literal hosts of `images`, and `private-hosts`."""
    literal = [glob.partition("/")[0] for glob in limits.images or () if "/" in glob]
    places = {place for host in literal if not _GLOB & set(host) for place in _places(host)}
    hosts, networks = [], []
    for entry in limits.private_hosts:
        try:
            networks.append(ipaddress.ip_network(entry))
        except ValueError:
            hosts.append(entry)
    return Reach(frozenset(places), tuple(hosts), tuple(networks))


def _places(named: str) -> Iterable[str]:
    """The `host:port` that a host, or a host and a path, stands for; both usual ports without."""
    host = network_host(normalise_host(named.removeprefix("https://").partition("/")[0]))
    name = hostname(host)
    port = host.removeprefix(f"[{name}]").removeprefix(name)
    ports = (int(port[1:]),) if _PORT_RE.fullmatch(port) else _USUAL_PORTS
    return [join_place(name, each) for each in ports]
