"""The way out: one message to one channel, within a time limit. Addresses are secrets and are never printed."""

from __future__ import annotations

import asyncio

from apprise import Apprise
from pydantic import SecretStr

from weighbridge.design.alerts import Alerts

SEND_SECONDS = 30.0
TEST_TITLE = "Weighbridge: a test"
TEST_BODY = "This channel is told of exceptions of: {owners}. Nothing is wrong."
UNUSABLE = "the address is of no form that Apprise knows; see its list of services"
NOT_TAKEN = "the service did not take the message"
TOO_SLOW = "the service did not answer in time"


def owners_of(design: Alerts, channel: str) -> str:
    """Whose exceptions a channel is told of, in words."""
    return ", ".join(design.channels[channel].owners)


async def send(url: SecretStr, title: str, body: str) -> str:
    """Sends a message; answers why not, in plain words without the address, and "" when it was taken."""
    post = Apprise()
    if not post.add(url.get_secret_value()):
        return UNUSABLE
    try:
        taken = await asyncio.wait_for(asyncio.to_thread(post.notify, body=body, title=title), SEND_SECONDS)
    except TimeoutError:
        return TOO_SLOW
    return "" if taken else NOT_TAKEN
