"""`weighbridge monitors`: every monitor, its last run, and the number of its findings."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from weighbridge.cli.api_client import ApiClient, ServerOption, connection_name, with_api
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, Connection, out, print_json
from weighbridge.web.api.monitoring import MonitorResponse


def monitors_command(
    config: Config = DEFAULT_CONFIG, connection: Connection = "", as_json: AsJson = False, server: ServerOption = ""
) -> None:
    """List the monitors of a connection, when each ran last, and how many findings it has."""

    async def read(api: ApiClient) -> list[MonitorResponse]:
        query = {"connection": await connection_name(api, connection)}
        response: list[MonitorResponse] = await api.get("/monitors", list[MonitorResponse], query)
        return response

    monitors = with_api(config, server, "", read)
    if as_json:
        print_json([_as_json(monitor) for monitor in monitors])
        return
    table = Table("Monitor", "Checks that", "Last run, UTC", "Findings", "Owner")
    for monitor in monitors:
        at = f"{monitor.last_run_at:%Y-%m-%d %H:%M}" if monitor.last_run_at else "never"
        count = "" if monitor.finding_count is None else str(monitor.finding_count or "none")
        table.add_row(monitor.monitor, monitor.watches, at, count, monitor.owner)
    out.print(table)


def _as_json(monitor: MonitorResponse) -> dict[str, Any]:
    last_run_at = monitor.last_run_at.isoformat() if monitor.last_run_at else None
    return monitor.model_dump() | {"last_run_at": last_run_at}
