"""The first scans that a process decodes may be decoded by many threads at once."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """\
import sys, threading
from imagebot.manifest import cache
from imagebot.scan.inventory import TreeScan
from imagebot.scan.kept import prepare_threads

sys.setswitchinterval(1e-6)
body = cache.encode_value(TreeScan((), (), (), {}))
prepare_threads()
barrier, done = threading.Barrier(24), []

def work():
    barrier.wait(60)
    done.append(cache.decode_value(body, TreeScan))

threads = [threading.Thread(target=work) for _ in range(24)]
for each in threads: each.start()
for each in threads: each.join()
assert done == [TreeScan((), (), (), {})] * 24
"""


def test_many_threads_at_once() -> None:
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
