"""The environment of the process: read once, and then kept from everything that it starts.

Programs inherit all variables of the process that starts them, and libraries start programs in
their own way: the import of GitPython runs git. So what the variables hold is taken at the entry
point and handed to whoever needs it; the process itself keeps those that its libraries read.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from types import MappingProxyType

# No secrets but a proxy's password, which whoever uses the proxy must know.
_KEPT = frozenset(
    {
        *("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LANGUAGE"),
        # The cache folder, and how to write to the terminal.
        *("XDG_CACHE_HOME", "TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"),
        # Authorities and proxies, for OpenSSL and for what speaks HTTP.
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
        *("HTTP_PROXY", "no_proxy", "NO_PROXY", "REQUEST_METHOD"),
        # Completion in the shell.
        *("_IMAGEBOT_COMPLETE", "COMP_WORDS", "COMP_CWORD"),
    }
)
_KEPT_PREFIXES = ("LC_", "PYTHON")


def take_environment(environment: MutableMapping[str, str]) -> Mapping[str, str]:
    """What the variables hold now; those that no library of the process reads are removed.

    pydantic is told to load no plugin: one would see what the configuration says, and to look for
    one it reads the metadata of every installed package.
    """
    taken = dict(environment)
    for name in taken:
        if name not in _KEPT and not name.startswith(_KEPT_PREFIXES):
            del environment[name]
    environment["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    return MappingProxyType(taken)
