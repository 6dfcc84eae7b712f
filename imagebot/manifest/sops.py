"""Files whose message authentication code (SOPS) covers values that are not encrypted, too.

After any edit of such a file, `sops` refuses to decrypt it. Only with `mac_only_encrypted: true`
may clear values change. The code is of the whole file, whatever document it is written in.
Rules: https://getsops.io/docs/#message-authentication-code.
"""

from __future__ import annotations

import re

CODE = "sops"
REASON = (
    "SOPS protects this file as a whole: after an edit it could not be decrypted; "
    "encrypt it with `mac_only_encrypted: true` to have its clear values updated"
)
# The metadata is a mapping of YAML or JSON, keys with a prefix (dotenv), or a section (ini).
_METADATA = re.compile(
    rb"""^(?P<indent>[ \t{]*)["']?sops["']?[ \t]*:|(?<=[{,\s])"sops"[ \t]*:|^sops_mac=|^\[sops\]""",
    re.MULTILINE,
)
_MAC = re.compile(
    rb"""(?:^[ \t]*|[{,][ \t]*)["']?(?:mac["']?[ \t]*:|sops_mac=|mac[ \t]*=)[ \t]*(?!null\b|~)\S""",
    re.MULTILINE,
)
_ONLY_ENCRYPTED = re.compile(
    rb"""(?:^[ \t]*|[{,][ \t]*)["']?(?:mac_only_encrypted["']?[ \t]*:|sops_mac_only_encrypted="""
    rb"""|mac_only_encrypted[ \t]*=)[ \t]*(?:true|True|TRUE)(?![\w.-])""",
    re.MULTILINE,
)


def line_of_mac(data: bytes) -> int:
    """The line of SOPS's metadata if its code covers clear values, or 0."""
    if b"sops" not in data or b"mac" not in data:
        return 0
    found = list(_METADATA.finditer(data))
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(data)
        block = data[match.start() : end]
        if _MAC.search(block) and not _ONLY_ENCRYPTED.search(block):
            return data.count(b"\n", 0, match.start()) + 1
    return 0
