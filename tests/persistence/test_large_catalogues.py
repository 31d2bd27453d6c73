"""A catalogue of 70,000 SKUs: more than a statement may have parameters, on both databases."""

from __future__ import annotations

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.database import batches

SKUS = [f"S{number:06}" for number in range(70_000)]
TRANSFER_IDS = [f"00000000-0000-7000-8000-{number:012}" for number in range(len(SKUS))]


def test_questions_about_every_sku_are_answered(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        of = harness.repositories
        known = await of.transfers.open("main", "orders", SKUS[-1])
        assert await of.catalogue.store_items("main", SKUS) == {}
        assert await of.catalogue.cin7_products("main", SKUS) == {}
        assert await of.stock_levels.published_levels_of("main", SKUS) == {}
        assert await of.stock_levels.with_shared_components("main", SKUS) == frozenset()
        assert await of.transfers.find_many("main", "orders", SKUS) == {SKUS[-1]: known}
        assert await of.monitoring_facts.known_orders("main", range(len(SKUS))) == set()
        assert await of.http_log.answers(TRANSFER_IDS, "bigcommerce") == {}
        assert await of.decisions.corrections_of(TRANSFER_IDS) == {}

    on_both_databases(work)


def test_batches_hold_each_value_once() -> None:
    assert [value for batch in batches([*SKUS, *SKUS[:5]]) for value in batch] == SKUS
    assert max(map(len, batches(SKUS))) <= 10_000
    assert list(batches([])) == []
