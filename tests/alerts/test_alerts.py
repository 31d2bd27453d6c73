"""Alerts are sent over real HTTP, once for each cause, and again after a channel was down."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from typer.testing import CliRunner

from tests.flows.harness import Harness, harness
from weighbridge.cli.main import app

CHANNEL = """
[alerts]
digest = "never"

[alerts.channels.shop]
url = { file = "channel.txt" }
owners = ["ecommerce"]

[alerts.channels.money]
url = { file = "channel.txt" }
owners = ["finance"]
"""
UNKNOWN_SKU_LINES = [{"sku": "NOT-IN-CIN7", "name": "Nobody knows", "quantity": 1, "price": "3.00"}]


class AlertReceiver:
    """A webhook that stores the messages it receives and fails while `down` is set."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.down = False

    def received(self) -> list[str]:
        return list(self.messages)


@contextmanager
def webhook(folder: Path) -> Iterator[AlertReceiver]:
    receiver = AlertReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if not receiver.down:
                receiver.messages.append(body["message"])
            self.send_response(503 if receiver.down else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "channel.txt").write_text(f"json://127.0.0.1:{server.server_port}/alerts", encoding="utf-8")
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def place_orders_with_unknown_sku(trial: Harness) -> None:
    for _ in range(2):
        trial.place(lines=UNKNOWN_SKU_LINES)


def test_cause_is_sent_once_to_its_owner_and_resent_by_the_next_worker_after_a_failure(tmp_path: Path) -> None:
    with webhook(tmp_path) as receiver, harness(tmp_path, design=CHANNEL, speed=60.0) as trial:
        place_orders_with_unknown_sku(trial)
        trial.run()
        receiver.down = True
        trial.listen(lambda trial: None, lambda trial: "did not accept" in _alerts(trial, tmp_path))
        assert receiver.received() == []
        receiver.down = False
        clock = trial.twins.running.clock
        trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(minutes=6)))
        trial.listen(lambda trial: None, lambda trial: bool(receiver.received()))
        (message,) = receiver.received()
        assert message.count("NOT-IN-CIN7") == 1, "two orders, one cause"
        assert "2 objects" in message
        assert "ecommerce" in message
        alerts = json.loads(_alerts(trial, tmp_path))
        sent = [(alert["channel"], alert["stage"], bool(alert["sent_at"])) for alert in alerts]
        assert sent == [("shop", "opened", True)]
        tested = CliRunner().invoke(app, ["alerts", "test", "--config", str(tmp_path / "weighbridge.toml")])
        assert tested.exit_code == 0, tested.output
        assert "127.0.0.1" not in tested.output, "channel URLs are secrets"
        assert len(receiver.received()) == 3
        receiver.down = True
        refused = CliRunner().invoke(app, ["alerts", "test", "money", "--config", str(tmp_path / "weighbridge.toml")])
        assert refused.exit_code == 1
        assert "did not accept" in refused.output


def _alerts(trial: Harness, folder: Path) -> str:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration(), encoding="utf-8")
    result = CliRunner().invoke(app, ["alerts", "list", "--json", "--config", str(config)], env=trial.environment())
    assert result.exit_code == 0, result.output
    return result.output
