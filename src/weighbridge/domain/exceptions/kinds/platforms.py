"""Exceptions of the platforms and of Weighbridge itself: refusals, outages, errors."""

from __future__ import annotations

from weighbridge.domain.exceptions.kind import (
    HOUR,
    NEXT_TRY,
    ExceptionKind,
    Grouping,
    Playbook,
    Urgency,
)
from weighbridge.domain.findings.kind import FindingKind

PLATFORMS = (
    ExceptionKind(
        FindingKind.REFUSED_BY_CIN7,
        title="Cin7 refused: {value}",
        cause="Cin7 refused a request, so nothing was written. Its message says why.",
        blocks="the objects that Cin7 refused",
        advice="Do what the message asks for in Cin7. Then retry, or replay the stored documents.",
        proof=NEXT_TRY,
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.MESSAGE,
        playbooks=(Playbook.RETRY, Playbook.REPLAY),
    ),
    ExceptionKind(
        FindingKind.REFUSED_BY_BIGCOMMERCE,
        title="BigCommerce refused: {value}",
        cause="BigCommerce refused a request, so nothing was written. Its message says why.",
        blocks="the objects that BigCommerce refused",
        advice="Do what the message asks for in BigCommerce, then retry.",
        proof=NEXT_TRY,
        urgency=Urgency.HIGH,
        within=4 * HOUR,
        grouping=Grouping.MESSAGE,
        playbooks=(Playbook.RETRY,),
    ),
    ExceptionKind(
        FindingKind.RETRIES_EXHAUSTED,
        title="All retries failed: {value}",
        cause="A platform did not answer, refused the credentials, or had no quota left until the last retry.",
        blocks="the objects that were retried; new ones are tried automatically",
        advice="Check that the platform is up and that the credentials are valid, then retry all.",
        proof=NEXT_TRY,
        urgency=Urgency.CRITICAL,
        within=HOUR,
        grouping=Grouping.VALUE,
        playbooks=(Playbook.RETRY,),
    ),
    ExceptionKind(
        FindingKind.UNEXPECTED_ERROR,
        title="An unexpected error: {value}",
        cause="Weighbridge has a fault, or met a situation that it does not handle.",
        blocks="the objects that failed with it",
        advice="Send the log to the administrator of this installation. Retry after the next update.",
        proof=NEXT_TRY,
        urgency=Urgency.CRITICAL,
        within=4 * HOUR,
        grouping=Grouping.MESSAGE,
        playbooks=(Playbook.RETRY,),
    ),
)
