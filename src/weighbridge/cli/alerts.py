"""`weighbridge alerts`: what was told whom, and a test of every channel."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.alerts.sending import TEST_BODY, TEST_TITLE, owners_of, send
from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    fail,
    installation_of,
    out,
    print_json,
    with_database,
)
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import SecretsProblem, resolve_channels
from weighbridge.persistence.repositories.sent_alerts import AlertLedger, Told

alerts_app = typer.Typer(help="Who was told of exceptions, and whether every channel works.")


@alerts_app.callback(invoke_without_command=True)
def alerts_command(context: typer.Context, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Tell the last alerts: to whom, what, and whether it was taken."""
    if context.invoked_subcommand is not None:
        return
    installation = installation_of(config)
    told = with_database(installation, lambda database, clock: AlertLedger(database, clock).latest())
    if as_json:
        print_json([_as_json(one) for one in told])
        return
    table = Table("When, UTC", "Channel", "What", "Result")
    for one in told:
        result = "sent" if one.sent_at else one.problem or "under way"
        table.add_row(f"{one.claimed_at:%Y-%m-%d %H:%M}", one.channel, escape(one.words), result)
    out.print(table if told else "Nobody was told of anything yet.")


@alerts_app.command("test")
def try_command(
    config: Config = DEFAULT_CONFIG,
    channel: Annotated[str, typer.Argument(help="Name of one channel; all without it.")] = "",
) -> None:
    """Send a test message to every channel; exit code 1 when one is not taken."""
    installation = installation_of(config)
    names = [channel] if channel else sorted(installation.alerts.channels)
    if not names or channel not in ("", *installation.alerts.channels):
        known = ", ".join(sorted(installation.alerts.channels)) or "none"
        fail(f"no channel {channel!r} under [alerts.channels]; there are: {known}")
    problems = asyncio.run(_try(installation, config, names))
    for name, problem in problems.items():
        out.print(f"{name}: {problem or 'taken'}", style="red" if problem else "green")
    if any(problems.values()):
        raise typer.Exit(1)


async def _try(installation: Installation, config: Path, names: list[str]) -> dict[str, str]:
    try:
        urls = resolve_channels(installation, config.absolute().parent)
    except SecretsProblem as missing:
        fail(str(missing))
    owners = {name: owners_of(installation.alerts, name) for name in names}
    return {name: await send(urls[name], TEST_TITLE, TEST_BODY.format(owners=owners[name])) for name in names}


def _as_json(one: Told) -> dict[str, str | None]:
    return {
        "channel": one.channel,
        "words": one.words,
        "stage": one.stage,
        "claimed_at": one.claimed_at.isoformat(),
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "problem": one.problem,
    }
