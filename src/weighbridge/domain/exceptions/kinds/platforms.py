"""Exceptions of the platforms and of ourselves: refusals, silence, errors."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    HOUR,
    NEXT_TRY,
    ExceptionKind,
    Grouping,
    Remedy,
    Urgency,
)
from weighbridge.domain.findings.finding import FindingKind

PLATFORMS = (
    ExceptionKind(
        FindingKind.REFUSED_BY_CIN7,
        title="Cin7 refused: {value}",
        cause="Cin7 said no to what we wrote; nothing was written. Its message says why.",
        blocks="the objects that it refused",
        advice="Do what the message asks for in Cin7, then retry, or replay what is stored.",
        proof=NEXT_TRY,
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.MESSAGE,
        remedies=(Remedy.RETRY, Remedy.REPLAY),
    ),
    ExceptionKind(
        FindingKind.REFUSED_BY_BIGCOMMERCE,
        title="The shop refused: {value}",
        cause="BigCommerce said no to what we wrote; nothing was written. Its message says why.",
        blocks="the objects that it refused",
        advice="Do what the message asks for at the shop, then retry.",
        proof=NEXT_TRY,
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.MESSAGE,
        remedies=(Remedy.RETRY,),
    ),
    ExceptionKind(
        FindingKind.RETRIES_EXHAUSTED,
        title="Tries are used up: {value}",
        cause="A platform did not answer, refused our credentials, or had no quota left, for longer than we wait.",
        blocks="the objects that were tried; new ones are tried by themselves",
        advice="See whether the platform is up and the credentials hold, then retry all.",
        proof=NEXT_TRY,
        urgency=Urgency.CRITICAL,
        within=HOUR,
        grouping=Grouping.VALUE,
        remedies=(Remedy.RETRY,),
    ),
    ExceptionKind(
        FindingKind.UNEXPECTED_ERROR,
        title="An unexpected error: {value}",
        cause="Weighbridge met something it was not made for.",
        blocks="the objects that met it",
        advice="Look at the log and send it to whoever maintains this installation; retry after a new version.",
        proof=NEXT_TRY,
        urgency=Urgency.CRITICAL,
        within=4 * HOUR,
        grouping=Grouping.MESSAGE,
        remedies=(Remedy.RETRY,),
    ),
)
