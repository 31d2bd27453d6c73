"""`weighbridge alerts`: the alerts that were sent, and a test of the channels."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.cli.api_client import ActorOption, ApiClient, ServerOption, with_api
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, fail, out, print_json
from weighbridge.web.api.monitoring import AlertsResponse, ChannelTestResponse, SentAlertResponse

alerts_app = typer.Typer(help="Alerts about exceptions, and a test of their channels.", no_args_is_help=True)


@alerts_app.command("list")
def list_alerts(config: Config = DEFAULT_CONFIG, as_json: AsJson = False, server: ServerOption = "") -> None:
    """List the last alerts: channel, text, and whether the channel accepted it."""
    alerts = with_api(config, server, "", _read).alerts
    if as_json:
        print_json([_as_json(alert) for alert in alerts])
        return
    if not alerts:
        out.print("No alerts were sent yet.")
        return
    table = Table("When, UTC", "Channel", "What", "Result")
    for alert in alerts:
        table.add_row(f"{alert.claimed_at:%Y-%m-%d %H:%M}", alert.channel, escape(alert.text), _result(alert))
    out.print(table)


@alerts_app.command("test")
def send_test_messages(
    config: Config = DEFAULT_CONFIG,
    channel: Annotated[str, typer.Argument(help="Name of a channel; default: all channels.")] = "",
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Send a test message to a channel or to all; exit code 1 if a channel does not accept it."""

    async def work(api: ApiClient) -> dict[str, str]:
        known = [known_channel.name for known_channel in (await _read(api)).channels]
        names = [channel] if channel else known
        if not names or not set(names) <= set(known):
            fail(f"no channel {channel!r} under [alerts.channels]; there are: {', '.join(known) or 'none'}")
        return {name: await _test(api, name) for name in names}

    problems = with_api(config, server, actor, work)
    for name, problem in problems.items():
        out.print(f"{name}: {problem or 'accepted'}", style="red" if problem else "green")
    if any(problems.values()):
        raise typer.Exit(1)


async def _read(api: ApiClient) -> AlertsResponse:
    response: AlertsResponse = await api.get("/alerts", AlertsResponse)
    return response


async def _test(api: ApiClient, channel: str) -> str:
    """Why the channel did not accept the message; empty if it did."""
    path = f"/alerts/{quote(channel, safe='')}/test"
    response: ChannelTestResponse = await api.post(path, ChannelTestResponse)
    return response.problem


def _as_json(alert: SentAlertResponse) -> dict[str, Any]:
    sent_at = alert.sent_at.isoformat() if alert.sent_at else None
    return alert.model_dump() | {"claimed_at": alert.claimed_at.isoformat(), "sent_at": sent_at}


def _result(alert: SentAlertResponse) -> str:
    return "sent" if alert.sent_at else alert.problem or "in progress"
