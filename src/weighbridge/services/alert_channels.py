"""Tests the channels that send alerts."""

from __future__ import annotations

from weighbridge.access.roles import Permission
from weighbridge.access.users import User
from weighbridge.alerts.sending import TEST_BODY, TEST_TITLE, owners_of, send
from weighbridge.app.context import AppContext
from weighbridge.design.secrets import SecretsProblem, resolve_channels
from weighbridge.services.errors import InvalidRequest
from weighbridge.services.permission import require


async def try_channel(app: AppContext, user: User, channel: str) -> str:
    """Sends a test message; returns why it was not accepted, or "". Raises NotPermitted, InvalidRequest."""
    require(user, Permission.MANAGE_USERS)
    if channel not in app.installation.alerts.channels:
        known = ", ".join(sorted(app.installation.alerts.channels)) or "none"
        raise InvalidRequest(f"no channel {channel!r} under [alerts.channels]; there are: {known}")
    try:
        url = resolve_channels(app.installation, app.folder, app.environment)[channel]
    except SecretsProblem as missing:
        raise InvalidRequest(str(missing)) from None
    await app.access.audit.record(user.name, "alerts.tested", f"channel {channel}")
    return await send(url, TEST_TITLE, TEST_BODY.format(owners=owners_of(app.installation.alerts, channel)))
