"""The page of a refund: both systems, three clocks and every call; linked from its order and found by search."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.browser.sample_data import installation_with_sample_data
from tests.web.installation import RunningInstallation
from tests.web.test_api import api
from weighbridge.app.context import AppContext
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.transfers import Transfer


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInstallation]:
    """Three refunds: restocked goods, damaged goods without a location, and money paid back at the gateway only."""
    with installation_with_sample_data(tmp_path_factory.mktemp("refunds")) as (served, _):
        yield served


def refunds(installation: RunningInstallation) -> dict[str, str]:
    """The address of each order's only refund."""
    orders = ("101", "102", "103")
    keys = [refund.key for order in orders for refund in installation.do(lambda app, of=order: refunds_of(app, of))]
    assert [key.partition(":")[0] for key in keys] == list(orders)
    return {key.partition(":")[0]: f"/refunds/main/{key.replace(':', '/')}" for key in keys}


def refunds_of(app: AppContext, order_id: str) -> Awaitable[list[Transfer]]:
    return app.repositories.transfers.with_parent_key("main", "refunds", order_id)


def visible_text(page: str) -> str:
    """The text of a page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_restocked_goods_show_three_finished_clocks(installation: RunningInstallation) -> None:
    with installation.signed_in_as("vera") as vera:
        page = vera.get(refunds(installation)["101"])
        text = visible_text(page.text)
    assert page.status_code == 200
    assert "Store and Cin7 agree that it was paid back. 13.53 USD paid back by" in text
    assert "Restocked as the design says. 1 of MUG to Main Warehouse" in text
    assert "Restocked in Cin7" in text
    assert re.search(r"Product MUG MUG 1 unit 1 12\.50 USD 1\.03 USD Tax on Sales", text)
    assert re.search(r"Credit note total in Cin7 13\.53 USD equal to the cent Credit note CR-\d+", text)
    assert re.search(r"091 13\.53 USD bc:twin1:101:refund-1-\w+ \d\d", text), "the refund payment and its time in Cin7"
    assert "/payloads/" not in page.text, "payloads hold names of shoppers"


def test_goods_without_a_location_stop_only_the_second_clock(installation: RunningInstallation) -> None:
    with installation.signed_in_as("fina") as fina:
        page = fina.get(refunds(installation)["102"])
        text = visible_text(page.text)
        payload = fina.get(re.findall(r'href="(/payloads/[\w-]+)">Cin7 Core POST [^<]*/sale/creditnote', page.text)[0])
    assert "Store and Cin7 agree that it was paid back." in text
    assert "No location: a user must state where the goods are. 1 of MUG, credited with 12.50 USD" in text
    assert "Nothing is restocked with this refund." in text
    assert "Arrived damaged" in text
    assert "CreditNoteInvoiceNumber" in payload.text, "the page links the exact call"


def test_the_page_of_a_gateway_only_refund_explains_it(installation: RunningInstallation) -> None:
    with installation.signed_in_as("fina") as fina:
        text = visible_text(fina.get(refunds(installation)["103"]).text)
        (exception_record,) = installation.do(
            lambda app: app.exception_queries.page(ExceptionFilter(kinds=(FindingKind.REFUND_AT_GATEWAY_ONLY,)))
        ).exception_records
        assert refunds(installation)["103"] in fina.get(f"/exceptions/{exception_record.id}").text
    assert "The money went back at the payment gateway; the store has no refund that says for what." in text
    assert re.search("Needs action .* Money of order 103", text)
    assert "Store and Cin7 differ." in text


def test_a_refund_is_found_from_its_order_and_by_its_credit_note(installation: RunningInstallation) -> None:
    address = refunds(installation)["101"]
    with installation.signed_in_as("vera") as vera:
        assert f'href="{address}"' in vera.get("/orders/main/101").text
        note = re.findall(r"CR-\d+", vera.get(address).text)[0]
        assert vera.get(f"/search?q={note.lower()}").headers["location"] == address
        assert vera.get("/refunds/main/101/999").status_code == 404
        assert vera.get("/refunds/elsewhere/101/1").status_code == 404


async def refund_keys_of_order_100(url: str) -> list[str]:
    """The refunds of order 100 among refunds of orders with similar numbers."""
    database = Database(url)
    await database.create_tables()
    repositories = Repositories.of(database, REAL_CLOCK)
    for key in ("10:1", "100:1", "100:gateway-77", "1001:1", "101:1"):
        await repositories.transfers.open("main", "refunds", key)
    keys = [refund.key for refund in await repositories.transfers.with_parent_key("main", "refunds", "100")]
    await database.close()
    return keys


def test_an_orders_refunds_are_found_on_sqlite(tmp_path: Path) -> None:
    assert asyncio.run(refund_keys_of_order_100(f"sqlite:///{tmp_path}/refunds.db")) == ["100:1", "100:gateway-77"]


def test_an_orders_refunds_are_found_with_any_collation(
    fresh_database: Callable[[str], str], postgres_url: str
) -> None:
    url = fresh_database("sorted")
    name = sql.Identifier(url.rpartition("/")[2].partition("?")[0])
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {}").format(name))
        create = "CREATE DATABASE {} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        server.execute(sql.SQL(create).format(name))
    assert asyncio.run(refund_keys_of_order_100(url)) == ["100:1", "100:gateway-77"]


def test_the_api_returns_the_same_clocks_and_days(installation: RunningInstallation) -> None:
    with api(installation, "vera", read_only=True) as client:
        refund = client.get(refunds(installation)["101"][1:]).json()
        days = client.get("reconciliation/main").json()["days"]
        nowhere = client.get("reconciliation/nowhere")
    assert refund["store_total"] == refund["note_total"] == {"amount": "13.53", "currency": "USD"}
    assert [line["credited"] for line in refund["lines"]] == ["12.50"]
    assert len(refund["clocks"]) == 3
    assert days[0]["orders"]["store_total"] == days[0]["orders"]["cin7_total"]
    assert nowhere.status_code == 404
