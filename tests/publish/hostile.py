"""Texts that would do something on a forge, in a pipeline or on a terminal."""

from __future__ import annotations

HOSTILE = [
    "@acme/admins", "cc @alice", "a@b", "fixes #1", "acme/gitops#1", "GH-12", "!7",
    "<!-- imagebot:1 {} -->", "<img src=x onerror=alert(1)>", "<details>", "--> x <!--",
    "| a | b |", "`code`", "``` \n", "**bold** _it_ ~no~", "[x](javascript:alert(1))",
    "https://evil.example.com/x", "www.evil.example.com", "[skip ci]", "[ci skip]", "***NO_CI***",
    "a\nCo-authored-by: M <m@evil>", "\r\n::error::x", "\x1b[2J\x07", "\u202egnp.exe",
    "@\u200balice", "#\u200b1", "$(id)", "\\", "&lt;b&gt;",
]  # fmt: skip

LIVE_LINE = r"@\w|#\d|\bGH-\d|!\d|://|\[skip|\[ci|\*{3}NO_CI"
"""What a forge would make a mention, a reference or a command of."""
