"""`python -m imagebot`"""

from imagebot.cli.entry import entry

entry()
