"""Connection failures: why no connection came about, in the words of the person who can repair it."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum

UNROUTABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


class ConnectionFailure(StrEnum):
    """Why a connection could not be opened. The values are stored in the HTTP log, so they stay short."""

    HOST_NOT_FOUND = "host not found"
    REFUSED = "refused"
    UNTRUSTED = "certificate"
    NO_TLS = "no TLS"
    NO_ROUTE = "no route"
    TIMED_OUT = "timed out"
    OTHER = "no connection"

    @property
    def phrase(self) -> str:
        """The reason in words that complete "cannot be reached: "."""
        return _PHRASES[self]


_PHRASES = {
    ConnectionFailure.HOST_NOT_FOUND: "its host name is not found",
    ConnectionFailure.REFUSED: "the connection is refused",
    ConnectionFailure.UNTRUSTED: "its certificate is not trusted",
    ConnectionFailure.NO_TLS: "the TLS handshake fails",
    ConnectionFailure.NO_ROUTE: "the network has no route to it",
    ConnectionFailure.TIMED_OUT: "it does not answer in time",
    ConnectionFailure.OTHER: "no connection is possible",
}


def failure_of(error: BaseException) -> ConnectionFailure:
    """Why `error`, raised while a connection was opened, was raised. HTTP libraries wrap the cause several times."""
    causes = list(_chain(error))
    for kind, failure in (
        (ssl.SSLCertVerificationError, ConnectionFailure.UNTRUSTED),
        (ssl.SSLError, ConnectionFailure.NO_TLS),
        (socket.gaierror, ConnectionFailure.HOST_NOT_FOUND),
        (ConnectionRefusedError, ConnectionFailure.REFUSED),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return failure
    if any(isinstance(cause, OSError) and cause.errno in UNROUTABLE for cause in causes):
        return ConnectionFailure.NO_ROUTE
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in causes):
        return ConnectionFailure.TIMED_OUT
    return ConnectionFailure.OTHER


def failure_reason(error: BaseException, address: str) -> str:
    """The failure of a connection to `address` (host, or host and port) in one clause, with the detail that helps to
    repair it."""
    failure = failure_of(error)
    if failure is ConnectionFailure.HOST_NOT_FOUND:
        return f"the host name of {address} is not found"
    if failure is ConnectionFailure.REFUSED:
        return f"{address} refuses the connection"
    if failure is ConnectionFailure.UNTRUSTED:
        return f"the certificate of {address} is not trusted: {_certificate_problem(error)}"
    if failure is ConnectionFailure.NO_TLS:
        return f"the TLS handshake with {address} fails: {_tls_problem(error)}"
    if failure is ConnectionFailure.NO_ROUTE:
        return f"the network has no route to {address}"
    if failure is ConnectionFailure.TIMED_OUT:
        return f"{address} does not answer in time"
    return f"no connection to {address}: {_last_words(error)}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything it was raised from. Several addresses of one host fail as a group."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _chain(member)
        error = error.__cause__ or error.__context__


def _certificate_problem(error: BaseException) -> str:
    refusals = [cause for cause in _chain(error) if isinstance(cause, ssl.SSLCertVerificationError)]
    return next((refusal.verify_message for refusal in refusals if refusal.verify_message), _last_words(error))


def _tls_problem(error: BaseException) -> str:
    reasons = [cause.reason for cause in _chain(error) if isinstance(cause, ssl.SSLError)]
    return next((reason.replace("_", " ").lower() for reason in reasons if reason), _last_words(error))


def _last_words(error: BaseException) -> str:
    """The innermost message that is not empty, otherwise the name of the error."""
    messages = [" ".join(str(cause).split()) for cause in _chain(error)]
    return next((message for message in reversed(messages) if message), type(error).__name__)[:200]
