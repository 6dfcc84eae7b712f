"""httpx without its command line."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import sys
from imagebot.http.library import load_httpx
load_httpx()
assert "httpx" in sys.modules and not {"rich", "pygments", "httpx._main"} & sys.modules.keys()
load_httpx()
import httpx, httpx._main
assert httpx._main.main and httpx.Client
"""


def test_httpx_comes_without_its_command_line_which_can_still_be_imported() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
