"""The whole story of a refund on one page: both systems, three clocks, every call; reached from order and search."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.browser.furnished import furnished
from tests.web.installation import House
from tests.web.test_api import api
from weighbridge.app.context import Office
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.filters import Wanted
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.transfers import Transfer


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Three refunds: goods on their shelf again, damaged ones on none, money that went back at the gateway alone."""
    with furnished(tmp_path_factory.mktemp("refunds")) as (served, _):
        yield served


def refunds(home: House) -> dict[str, str]:
    """The address of each order's only refund."""
    orders = ("101", "102", "103")
    found = [one for order in orders for one in home.do(lambda office, of=order: beneath_of(office, of))]
    assert [one.key.partition(":")[0] for one in found] == list(orders)
    return {one.key.partition(":")[0]: f"/refunds/main/{one.key.replace(':', '/')}" for one in found}


def beneath_of(office: Office, order_id: str) -> Awaitable[list[Transfer]]:
    return office.journal.transfers.beneath("main", "refunds", order_id)


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_goods_that_came_back_tell_three_clocks_that_agree(home: House) -> None:
    with home.as_("vera") as vera:
        page = vera.get(refunds(home)["101"])
        text = words(page.text)
    assert page.status_code == 200
    assert "Shop and books agree that it went back. 13.53 USD paid back by" in text
    assert "The design counts them as back. 1 of MUG to Main Warehouse" in text
    assert "On the shelf in Cin7" in text
    assert re.search(r"Product MUG MUG 1 unit 1 12\.50 USD 1\.03 USD Tax on Sales", text)
    assert re.search(r"Credit note as Cin7 answered 13\.53 USD equal to the cent Credit note CR-\d+", text)
    assert re.search(r"091 13\.53 USD bc:twin1:101:refund-1-\w+ \d\d", text), (
        "the refund payment, and when Cin7 took it"
    )
    assert "/payloads/" not in page.text, "payloads name shoppers"


def test_goods_that_lie_nowhere_stop_the_second_clock_alone(home: House) -> None:
    with home.as_("fina") as fina:
        page = fina.get(refunds(home)["102"])
        text = words(page.text)
        payload = fina.get(re.findall(r'href="(/payloads/[\w-]+)">Cin7 Core POST [^<]*/sale/creditnote', page.text)[0])
    assert "Shop and books agree that it went back." in text
    assert "On no shelf: somebody has to say where they are. 1 of MUG, credited with 12.50 USD" in text
    assert "Nothing goes on a shelf with this refund." in text
    assert "Arrived damaged" in text
    assert "CreditNoteInvoiceNumber" in payload.text, "the exact call is one click away"


def test_money_that_left_at_the_gateway_alone_is_told_as_that(home: House) -> None:
    with home.as_("fina") as fina:
        text = words(fina.get(refunds(home)["103"]).text)
        (case,) = home.do(lambda office: office.cases.page(Wanted(kinds=(FindingKind.REFUND_AT_GATEWAY_ONLY,)))).cases
        assert refunds(home)["103"] in fina.get(f"/exceptions/{case.id}").text
    assert "The money went back at the payment gateway; the shop has no refund that says for what." in text
    assert re.search("What it waits for .* Money of order 103", text)
    assert "Shop and books do not tell the same." in text


def test_a_refund_is_reached_from_its_order_and_by_its_credit_note(home: House) -> None:
    address = refunds(home)["101"]
    with home.as_("vera") as vera:
        assert f'href="{address}"' in vera.get("/orders/main/101").text
        note = re.findall(r"CR-\d+", vera.get(address).text)[0]
        assert vera.get(f"/search?q={note.lower()}").headers["location"] == address
        assert vera.get("/refunds/main/101/999").status_code == 404
        assert vera.get("/refunds/elsewhere/101/1").status_code == 404


async def beneath(url: str) -> list[str]:
    """The refunds of order 100 among those of orders with like numbers."""
    database = Database(url)
    await database.create_tables()
    journal = Journal.of(database, REAL_CLOCK)
    for key in ("10:1", "100:1", "100:gateway-77", "1001:1", "101:1"):
        await journal.transfers.open("main", "refunds", key)
    found = [one.key for one in await journal.transfers.beneath("main", "refunds", "100")]
    await database.close()
    return found


def test_an_orders_refunds_are_found_on_sqlite(tmp_path: Path) -> None:
    assert asyncio.run(beneath(f"sqlite:///{tmp_path}/refunds.db")) == ["100:1", "100:gateway-77"]


def test_an_orders_refunds_are_found_wherever_a_language_sorts_a_colon(
    fresh_database: Callable[[str], str], postgres_url: str
) -> None:
    url = fresh_database("sorted")
    name = sql.Identifier(url.rpartition("/")[2].partition("?")[0])
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {}").format(name))
        made = "CREATE DATABASE {} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        server.execute(sql.SQL(made).format(name))
    assert asyncio.run(beneath(url)) == ["100:1", "100:gateway-77"]


def test_programs_read_the_same_clocks_and_days(home: House) -> None:
    with api(home, "vera", read_only=True) as client:
        told = client.get(refunds(home)["101"][1:]).json()
        days = client.get("reconciliation/main").json()["days"]
        nowhere = client.get("reconciliation/nowhere")
    assert told["shop_total"] == told["note_total"] == {"amount": "13.53", "currency": "USD"}
    assert [part["credited"] for part in told["parts"]] == ["12.50"]
    assert len(told["clocks"]) == 3
    assert days[0]["orders"]["shop"] == days[0]["orders"]["books"]
    assert nowhere.status_code == 404
