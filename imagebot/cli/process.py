"""Gives commands the process that they run in."""

from __future__ import annotations

import click

from imagebot.run.process import Process

pass_process = click.make_pass_decorator(Process, ensure=True)
"""Gives a command the process as its first argument."""
