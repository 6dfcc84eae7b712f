"""What a scan depends on besides the bytes and the path of a file."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.config.model import ExtraField, ExtraFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """`fields` and `files` are configured image locations; `chart` says that the file lies under
    `templates/` beside a `Chart.yaml`; `compose_defaults` that `${VAR:-app:1.2}` is to be read as
    `app:1.2`.

    `mentions` narrows a scan: a file without any of these texts is not read. They are the last
    parts of repository names, for a pass that looks for given images only.
    """

    fields: tuple[ExtraField, ...] = ()
    files: tuple[ExtraFile, ...] = ()
    chart: bool = False
    compose_defaults: bool = False
    mentions: tuple[str, ...] = ()
