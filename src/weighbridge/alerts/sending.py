"""Sends one message to one channel within a time limit. Channel URLs are secrets and are never printed."""

from __future__ import annotations

import asyncio

from apprise import Apprise
from pydantic import SecretStr

from weighbridge.design.alerts import Alerts

SEND_SECONDS = 30.0
TEST_TITLE = "Weighbridge: test"
TEST_BODY = "This channel receives the exceptions of: {owners}. This is a test; nothing is wrong."
UNUSABLE = "Apprise does not support the form of the channel URL; see its list of services"
NOT_ACCEPTED = "the service did not accept the message"
TOO_SLOW = "the service did not answer in time"


def owners_of(design: Alerts, channel: str) -> str:
    """The owners whose exceptions a channel receives, separated by commas."""
    return ", ".join(design.channels[channel].owners)


async def send(url: SecretStr, title: str, body: str) -> str:
    """Sends a message. Returns the problem, without the channel URL, or "" if the message was accepted."""
    post = Apprise()
    if not post.add(url.get_secret_value()):
        return UNUSABLE
    try:
        is_accepted = await asyncio.wait_for(asyncio.to_thread(post.notify, body=body, title=title), SEND_SECONDS)
    except TimeoutError:
        return TOO_SLOW
    return "" if is_accepted else NOT_ACCEPTED
