"""A platform that cannot be reached is named with its reason: in the transfer, and within minutes as an exception."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.flows.harness import Harness, harness
from tests.monitors.test_monitors import pass_time, run_monitors
from weighbridge.flows.reachability import REACHABILITY
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge_simulation.demo.run import free_port
from weighbridge_twins.http.tls import make_certificate


@contextmanager
def closed_port(folder: Path) -> Iterator[str]:
    yield f"http://127.0.0.1:{free_port()}"


@contextmanager
def unknown_host(folder: Path) -> Iterator[str]:
    yield "https://inventory.invalid"


@contextmanager
def untrusted_certificate(folder: Path) -> Iterator[str]:
    """A TLS server whose certificate no authority of this machine has signed."""
    files = make_certificate(folder, datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with _served(context) as port:
        yield f"https://127.0.0.1:{port}"


@contextmanager
def without_tls(folder: Path) -> Iterator[str]:
    """A server that does not speak TLS at an address that begins with https."""
    with _served(None) as port:
        yield f"https://127.0.0.1:{port}"


@contextmanager
def _served(context: ssl.SSLContext | None) -> Iterator[int]:
    """A server in a thread of its own, which answers nothing."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is no answer")
        writer.close()

    async def start() -> int:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
        return int(server.sockets[0].getsockname()[1])

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


BROKEN_ADDRESSES = [
    (closed_port, "refuses the connection", "the connection is refused"),
    (unknown_host, "the host name of inventory.invalid is not found", "its host name is not found"),
    (untrusted_certificate, "is not trusted: self-signed certificate", "its certificate is not trusted"),
    (without_tls, "the TLS handshake with", "the TLS handshake fails"),
]


@pytest.mark.parametrize(
    ("broken", "reason", "phrase"), BROKEN_ADDRESSES, ids=lambda case: getattr(case, "__name__", "")
)
def test_a_platform_that_cannot_be_reached_is_an_exception_until_it_answers(
    tmp_path: Path, broken: Callable[[Path], AbstractContextManager[str]], reason: str, phrase: str
) -> None:
    with harness(tmp_path) as trial, broken(tmp_path) as address:
        working = trial.twins.cin7_url
        trial.edit_file(working, address)
        waiting = _read_reference_data(trial)
        assert (waiting.state, waiting.reason_kind) == (State.WAITING, "unreachable")
        assert f"{address}" in waiting.reason, "it names the address"
        assert reason in waiting.reason
        pass_time(trial, minutes=3)
        _read_reference_data(trial)
        [(key, value)] = _held(trial).items()
        assert key == "cin7"
        assert value.startswith("Cin7 Core cannot be reached since ")
        assert value.endswith(f"UTC: {phrase}")
        assert ("reachability", "cin7") in run_monitors(trial), "it stays until the platform answers"
        trial.edit_file(working, working)
        _read_reference_data(trial)
        assert _held(trial) == {}, "it is closed by the first try that succeeds"


@pytest.mark.parametrize("closed_by", ["a try", "the monitor"])
def test_what_waits_for_a_platform_is_tried_as_soon_as_it_answers_again(tmp_path: Path, closed_by: str) -> None:
    with harness(tmp_path, speed=1.0) as trial, closed_port(tmp_path) as address:
        _read_reference_data(trial)
        working = trial.twins.cin7_url
        trial.edit_file(working, address)
        orders = [trial.place(), trial.place()]
        for order_id in orders:
            assert trial.run_order(order_id).reason_kind == "unreachable"
        while (tried := trial.run_order(orders[0])).tries < 8:
            assert tried.next_try_at is not None
            pass_time(trial, seconds=(tried.next_try_at - trial.twins.running.clock.now()).total_seconds())
        assert list(_held(trial)) == ["cin7"]
        trial.edit_file(working, working)
        if closed_by == "a try":
            trial.run_order(orders[1])
        else:
            trial.run(reference_data.FLOW, until=lambda rows: True)
            run_monitors(trial)
        assert _held(trial) == {}
        trial.run(until=lambda rows: all(trial.sales(order_id) for order_id in orders), seconds=30)
        for order_id in orders:
            trial.assert_one_sale(order_id)


def _read_reference_data(trial: Harness) -> Transfer:
    trial.run(reference_data.FLOW, until=lambda rows: True)
    [transfer] = trial.transfers(reference_data.FLOW)
    return transfer


def _held(trial: Harness) -> dict[str, str]:
    return {row.key: row.findings[0]["value"] for row in trial.transfers(REACHABILITY) if row.state is State.HELD}
