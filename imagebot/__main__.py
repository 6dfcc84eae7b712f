"""`python -m imagebot`"""

from imagebot.cli.main import entry

entry()
