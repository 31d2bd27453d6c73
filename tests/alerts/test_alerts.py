"""People are told over real HTTP, once for each cause, and again when a channel was down."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from typer.testing import CliRunner

from tests.flows.harness import Rig, rig
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
GHOST = [{"sku": "NOT-IN-CIN7", "name": "Nobody knows", "quantity": 1, "price": "3.00"}]


class Service:
    """A webhook that keeps what it was told, and is down when it is told to be."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.down = False

    def told(self) -> list[str]:
        return list(self.messages)


@contextmanager
def webhook(folder: Path) -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if not service.down:
                service.messages.append(body["message"])
            self.send_response(503 if service.down else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "channel.txt").write_text(f"json://127.0.0.1:{server.server_port}/told", encoding="utf-8")
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def buy_ghosts(trial: Rig) -> None:
    for _ in range(2):
        trial.place(lines=GHOST)


def test_a_cause_is_told_once_to_its_owner_and_again_by_who_starts_after_a_failure(tmp_path: Path) -> None:
    with webhook(tmp_path) as service, rig(tmp_path, design=CHANNEL, speed=60.0) as trial:
        buy_ghosts(trial)
        trial.run()
        service.down = True
        trial.listen(lambda rig: None, lambda rig: "did not take" in _alerts(rig, tmp_path))
        assert service.told() == []
        service.down = False
        clock = trial.twins.running.clock
        trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(minutes=6)))
        trial.listen(lambda rig: None, lambda rig: bool(service.told()))
        (message,) = service.told()
        assert message.count("NOT-IN-CIN7") == 1, "two orders, one cause"
        assert "2 objects" in message
        assert "ecommerce" in message
        told = json.loads(_alerts(trial, tmp_path))
        assert [(one["channel"], one["stage"], bool(one["sent_at"])) for one in told] == [("shop", "opened", True)]
        tested = CliRunner().invoke(app, ["alerts", "test", "--config", str(tmp_path / "weighbridge.toml")])
        assert tested.exit_code == 0, tested.output
        assert "127.0.0.1" not in tested.output, "addresses are secrets"
        assert len(service.told()) == 3
        service.down = True
        refused = CliRunner().invoke(app, ["alerts", "test", "money", "--config", str(tmp_path / "weighbridge.toml")])
        assert refused.exit_code == 1
        assert "did not take" in refused.output


def _alerts(trial: Rig, folder: Path) -> str:
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration(), encoding="utf-8")
    told = CliRunner().invoke(app, ["alerts", "--json", "--config", str(config)], env=trial.environment())
    assert told.exit_code == 0, told.output
    return told.output
