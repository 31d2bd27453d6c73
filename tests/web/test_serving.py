"""`weighbridge run` with the console in the same process; one signal stops both."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from tests.flows.harness import harness
from weighbridge_simulation.demo.run import free_port

SLOW = 20.0
PATIENCE_SECONDS = 60.0


def test_a_worker_serves_the_console_and_one_signal_ends_both(tmp_path: Path) -> None:
    with harness(tmp_path, speed=SLOW) as trial:
        port = free_port()
        trial._port = free_port()
        config = tmp_path / "weighbridge.toml"
        config.write_text(trial.configuration() + f"\n[console]\nenabled = true\nport = {port}\n", encoding="utf-8")
        command = [sys.executable, "-m", "weighbridge", "users", "add", "ada", "--generate", "-c", str(config)]
        environment = os.environ | trial.environment()
        password = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()[
            0
        ]
        running = subprocess.Popen([sys.executable, "-m", "weighbridge", "run", "-c", str(config)], env=environment)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
                deadline = time.monotonic() + PATIENCE_SECONDS
                while not _is_serving(client):
                    assert running.poll() is None, "the worker has exited"
                    assert time.monotonic() < deadline
                form = client.get("/sign-in").text.split('name="csrf" value="')[1].split('"')[0]
                client.post("/sign-in", data={"name": "ada", "password": password, "csrf": form})
                assert "1 worker alive" in client.get("/").text
            running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE_SECONDS) in (0, -signal.SIGTERM)
        finally:
            running.kill()
            running.wait()


def _is_serving(client: httpx2.Client) -> bool:
    try:
        return client.get("/sign-in", timeout=1).status_code == 200
    except httpx2.TransportError:
        return False
