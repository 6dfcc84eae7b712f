"""`imagebot serve`"""

from __future__ import annotations

import click

from imagebot.cli.options import NamedFile, bot_option, daemon_log_options
from imagebot.cli.process import pass_process
from imagebot.cli.serve_extra import check_serve_extra
from imagebot.errors import UsageError
from imagebot.run.diagnostics import LogFormat, open_diagnostics
from imagebot.run.process import Process


@click.command("serve")
@bot_option
@click.option(
    "--tls-cert",
    metavar="FILE",
    type=NamedFile(),
    help="Answer over TLS, with the certificate (and those above it) in FILE.",
)
@click.option("--tls-key", metavar="FILE", type=NamedFile(), help="The certificate's key.")
@daemon_log_options
@pass_process
def command(
    process: Process,
    bot_file: str | None,
    tls_cert: str | None,
    tls_key: str | None,
    log_format: LogFormat | None,
    quiet: bool,
) -> int:
    """Update the targets on every push that a registry or a CI job announces, until SIGTERM.

    Webhooks arrive at /hooks/NAME, as `serve.hooks` in the bot's file says. Targets are also looked
    at when it starts, and every five minutes, or as `serve.interval` and `serve.schedule` say.

    It listens at 127.0.0.1:8080, where only this machine reaches it, or as `serve.listen` says.
    /healthz and /readyz are for probes, /metrics for Prometheus, / for people.

    SIGHUP, or a change of the bot's file, makes it read that again. stderr is a log of events in
    JSON; with -q nothing where nothing has changed. Needs imagebot[serve].
    """
    if bool(tls_cert) != bool(tls_key):
        raise UsageError("--tls-cert and --tls-key go together", hint="give both, or neither")
    check_serve_extra()
    from imagebot.cli.bot import open_bot
    from imagebot.serve.listener import Tls
    from imagebot.serve.service import serve

    tls = Tls(tls_cert, tls_key) if tls_cert and tls_key else None
    diagnostics = open_diagnostics(log_format or "json", quiet, process.vault)
    return serve(
        process,
        lambda: open_bot(bot_file, process.environment),
        diagnostics,
        path=bot_file or "",
        tls=tls,
    )
