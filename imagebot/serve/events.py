"""What the daemon itself has to say, beside its passes, as events for the log. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imagebot.config.model_serve import Listen
from imagebot.errors import ConfigurationError, ImagebotError
from imagebot.http.address import is_loopback
from imagebot.run.events import Event
from imagebot.text import excerpt


def listening(
    version: str, addresses: Sequence[Listen], *, hooks: Iterable[str], targets: int
) -> Event:
    """The daemon has started."""
    hint = ""
    if all(is_loopback(str(each)) for each in addresses):
        hint = "only this machine can reach it; serve.listen: 0.0.0.0:8080 lets others"
    return Event(
        name="listening",
        level="info",
        message=f"imagebot {version} listens at {' and '.join(map(str, addresses))}",
        hint=hint,
        data={
            "version": version,
            "addresses": [str(each) for each in addresses],
            "hooks": sorted(hooks),
            "targets": targets,
        },
    )


def reloaded(*, hooks: int, targets: int) -> Event:
    """It goes by another configuration."""
    return Event(
        name="reloaded",
        level="info",
        message=f"the configuration has changed: {targets} target{'' if targets == 1 else 's'}",
        data={"targets": targets, "hooks": hooks},
    )


def reload_refused(error: ImagebotError) -> Iterator[Event]:
    """A changed configuration is not valid: an event for each fault."""
    what = "the changed configuration is refused, the one before goes on"
    faults: Iterable[tuple[str, str]] = ((error.message, error.hint),)
    if isinstance(error, ConfigurationError):
        faults = ((str(issue), issue.hint) for issue in error.issues)
    for message, hint in faults:
        yield Event(name="reload-refused", level="error", message=f"{what}: {message}", hint=hint)


def hook_refused(hook: str, status: int, reason: str) -> Event:
    """A delivery is not accepted."""
    return Event(
        name="hook-refused",
        level="warning",
        message=f"hook {hook}: {excerpt(reason)}",
        data={"hook": hook, "status": status},
    )


def page_refused(status: int, reason: str) -> Event:
    """Somebody does not get to see the page."""
    return Event(
        name="page-refused",
        level="warning",
        message=f"page: {excerpt(reason, 200)}",
        data={"status": status},
    )
