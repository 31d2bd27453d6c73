"""Trying the channels by which people are told of exceptions."""

from __future__ import annotations

from weighbridge.access.roles import Permission
from weighbridge.access.users import User
from weighbridge.alerts.sending import TEST_BODY, TEST_TITLE, owners_of, send
from weighbridge.app.context import Office
from weighbridge.design.secrets import SecretsProblem, resolve_channels
from weighbridge.services.errors import Unusable
from weighbridge.services.permission import require


async def try_channel(office: Office, user: User, channel: str) -> str:
    """Sends a test message; answers why it was not taken, "" when it was. Raises Unusable."""
    require(user, Permission.MANAGE_USERS)
    if channel not in office.installation.alerts.channels:
        raise Unusable(f"a channel under [alerts.channels]; {channel!r} is none")
    try:
        url = resolve_channels(office.installation, office.folder, office.environment)[channel]
    except SecretsProblem as missing:
        raise Unusable(str(missing)) from None
    await office.access.audit.note(user.name, "alerts.tested", f"channel {channel}")
    return await send(url, TEST_TITLE, TEST_BODY.format(owners=owners_of(office.installation.alerts, channel)))
