"""Says what to install where the daemon's libraries are missing."""

from __future__ import annotations

from imagebot.errors import UsageError


def check_serve_extra() -> None:
    """Raises UsageError unless the extra `imagebot[serve]` is installed."""
    try:
        import imagebot.serve.service  # noqa: F401 - whether it can be
    except ImportError as error:
        raise UsageError(
            f"the daemon needs {error.name}, which is not installed",
            hint="pip install 'imagebot[serve]'",
        ) from error
