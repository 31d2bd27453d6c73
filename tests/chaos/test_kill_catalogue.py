"""`kill -9` while the catalogue is written: the next run finishes it, and no product is created twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.catalogue.harness import CIN7_MASTERS_ALL, CatalogueHarness, catalogue_harness, mug, shirts
from weighbridge.persistence.documents import CATALOGUE_PROPOSAL

PRODUCTS = 60
SPEED = 60.0


def start(trial: CatalogueHarness, folder: Path) -> subprocess.Popen[bytes]:
    """Starts one catalogue run in a separate process."""
    config = folder / "weighbridge.toml"
    config.write_text(trial.configuration())
    command = [sys.executable, "-m", "weighbridge", "sync", "catalogue", "--config", str(config)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env={**os.environ, **trial.environment()}, stdout=quiet, stderr=quiet)


def made(trial: CatalogueHarness) -> int:
    return len([call for call in trial.store_writes() if call == "POST catalog/products"])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("after", [(9,), pytest.param((1, 30, 58), marks=pytest.mark.slow)], ids=str)
def test_a_killed_run_is_finished_by_the_next_run(tmp_path: Path, after: tuple[int, ...]) -> None:
    with catalogue_harness(tmp_path, design=CIN7_MASTERS_ALL, speed=SPEED) as trial:
        family = shirts()
        goods = [mug(sku=f"MUG-{n}", name=f"Mug {n}", brand=f"Brand {n % 3}") for n in range(PRODUCTS)]
        trial.stock_up(*goods, *family["products"], families=family["families"])
        trial.sync(dry=True)
        trial.accept()
        for count in after:
            process = start(trial, tmp_path)
            deadline = time.monotonic() + 40
            while made(trial) < count and process.poll() is None:
                assert time.monotonic() < deadline, made(trial)
                time.sleep(0.01)
            process.kill()
            process.wait()
        assert start(trial, tmp_path).wait(90) == 0
        assert trial.sync().read(CATALOGUE_PROPOSAL).unchanged == PRODUCTS + 1
        products = trial.products()
        assert len(products) == len(trial.twins.bigcommerce.store.products) == PRODUCTS + 1
        assert sum(len(product.get("_images", [])) for product in products.values()) == PRODUCTS
        assert made(trial) <= PRODUCTS + 1 + 4 * len(after), "only the writes in flight are sent again"
        assert trial.held() == {}
