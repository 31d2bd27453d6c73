"""The warehouse: sees the sales in Cin7 Core and nothing else; picks, packs, ships, receives what is short."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import count
from typing import Any, Final

from weighbridge_twins.call import Json, Platform
from weighbridge_twins.clock import Clock
from weighbridge_twins.world_options import WorldOptions
from weighbridge_twins.world_plan import Dispatch, plan_dispatch
from weighbridge_twins.world_screen import Screen
from weighbridge_twins.world_words import CustomerService, NoService, Word

MAIN: Final = "Main Warehouse"
OVERFLOW: Final = "Overflow"
_OVERLAP: Final = timedelta(minutes=5)
_LOOKS_BETWEEN_FULL: Final = 20
_RETRY_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 30.0


@dataclass
class _Job:
    """A sale on the warehouse's desk."""

    sale_id: str
    number: str
    shop_order: str
    plan: Dispatch
    held_back_since: float | None = None
    picked: bool = False
    parcels_sent: int = 0
    tracking_owed: int = 0
    goods_ordered: bool = False


class Warehouse:
    """Dispatches authorised sales. How a sale is handled follows from its basket, see `world_plan`.

    `basket_of` gives the basket of a shop order number, None for an order of another origin.
    """

    def __init__(
        self,
        company: Platform,
        clock: Clock,
        options: WorldOptions,
        goods: set[str],
        basket_of: Callable[[str], str | None],
        service: CustomerService | None = None,
    ) -> None:
        self._company = company
        self._screen = Screen(company, clock)
        self._clock = clock
        self._options = options
        self._goods = goods
        self._basket_of = basket_of
        self._service = service or NoService()
        self._jobs: dict[str, _Job] = {}
        self._finished: set[str] = set()
        self._agenda: list[tuple[float, int, Callable[[_Job], None], _Job]] = []
        self._order = count()
        self._since: datetime | None = None
        self._looks = 0
        self.counts: Counter[str] = Counter()
        self.left_alone: set[str] = set()
        """Numbers of shop orders and sales of which somebody else takes care."""
        self.last_news = clock.now()
        """When a sale last came to the desk or left it."""

    @property
    def idle(self) -> bool:
        """True when every sale that was seen is shipped with its tracking, or gone."""
        return not self._jobs

    def look(self) -> None:
        """Reads the sales that changed and puts those to be shipped on the desk."""
        # Now and then everything: a list may hide rows for a while, and the warehouse leaves nothing lying. The more
        # there is to read, the more rarely, so that a long month costs no more than its beginning.
        full = self._looks <= 0
        self._looks = _LOOKS_BETWEEN_FULL + len(self._finished) // 10 if full else self._looks - 1
        since = None if full or self._since is None else self._since - _OVERLAP
        self._since = self._clock.now()
        for row in self._screen.authorised_sales(since):
            sale_id = str(row["SaleID"])
            if row["OrderStatus"] != "AUTHORISED" or row["Status"] == "VOIDED":
                continue
            if sale_id in self._jobs or sale_id in self._finished or row["CombinedShippingStatus"] == "SHIPPED":
                continue
            if {str(row["OrderNumber"]), _last_number(str(row.get("ExternalID") or ""))} & self.left_alone:
                continue
            number, basket = self._shop_order(row)
            plan = plan_dispatch(basket or str(row["OrderNumber"]), self._options)
            job = _Job(sale_id, str(row["OrderNumber"]), number, plan)
            self._jobs[sale_id] = job
            self._service.sale_came(number)
            self.last_news = self._since
            self._later(job.plan.pick_after, self._dispatch, job)

    def work(self, until: Callable[[], bool]) -> bool:
        """Does what is due until `until` says that time is up; True when more is due."""
        now = self._clock.now().timestamp()
        while self._agenda and self._agenda[0][0] <= now:
            if until():
                return True
            _, _, step, job = heapq.heappop(self._agenda)
            step(job)
        return False

    def _later(self, seconds: float, step: Callable[[_Job], None], job: _Job) -> None:
        heapq.heappush(self._agenda, (self._clock.now().timestamp() + seconds, next(self._order), step, job))

    def _shop_order(self, row: Mapping[str, Any]) -> tuple[str, str]:
        """The shop order of a sale and its basket; both empty for a sale of another origin."""
        for text in (row.get("ExternalID"), row.get("CustomerReference")):
            number = _last_number(str(text or ""))
            basket = self._basket_of(number) if number else None
            if basket:
                return number, basket
        return "", ""

    def _dispatch(self, job: _Job) -> None:
        sale = self._screen.sale(job.sale_id)
        order = sale.get("Order") or {}
        if order.get("Status") != "AUTHORISED" or sale.get("Status") == "VOIDED":
            self._forget(job, "withdrawn")
            return
        word = self._service.word(job.shop_order, sale) if job.shop_order else Word.SHIP
        if self._holds_back(job, word, sale):
            return
        lines = [line for line in order.get("Lines") or [] if self._is_goods(line)]
        short = [line for line in lines if _number(line.get("BackorderQuantity")) > 0]
        if short:
            self._await_goods(job, short, str(sale.get("Location") or MAIN))
            return
        if not lines:
            self._forget(job, "without_goods")
            return
        if word is Word.PICK:
            self._pick(job)
            return
        first = _first_parcel(lines) if job.plan.parcels == 2 and job.parcels_sent == 0 else None
        if self._send_parcel(job, first):
            if first:
                self._later(job.plan.second_after, self._dispatch, job)
                return
            if self._options.invoice_at_dispatch and self._screen.invoice(job.sale_id):
                self.counts["invoiced"] += 1
            self._service.left(job.shop_order, job.parcels_sent)
            if job.tracking_owed == 0:
                self._forget(job, "shipped")
        else:
            self._later(_RETRY_SECONDS, self._dispatch, job)

    def _holds_back(self, job: _Job, word: Word, sale: Json) -> bool:
        """True when nothing of the sale leaves now; it is looked at again until the patience is at its end."""
        if word is Word.SHIP or (word is Word.PICK and not job.picked):
            return False
        now = self._clock.now().timestamp()
        job.held_back_since = job.held_back_since or now
        # Nothing of an ended order is ever shipped, so waiting for its sale to go decides nothing.
        ended = word is Word.STOP or (word is Word.PUT_BACK and not job.picked)
        patience = self._options.patience_minutes if ended else self._options.hold_back_minutes
        if now - job.held_back_since >= patience * 60.0:
            self.counts[f"lost_patience_{word}"] += 1
            if word is Word.WAIT:
                return False
            self._forget(job, "stopped")
            return True
        if word is Word.PUT_BACK and job.picked:
            self._put_back(job, sale)
        self._later(_LOOK_SECONDS, self._dispatch, job)
        return True

    def _pick(self, job: _Job) -> None:
        try:
            self._company.act("pick", {"sale_id": job.sale_id})
        except ValueError:
            self.counts["refused"] += 1
        else:
            job.picked = True
            self.counts["picked_only"] += 1
            self._service.picked(job.shop_order)
        self._later(_RETRY_SECONDS, self._dispatch, job)

    def _put_back(self, job: _Job, sale: Json) -> None:
        self._screen.void_fulfilments(sale)
        job.picked = False
        self.counts["put_back"] += 1

    def _send_parcel(self, job: _Job, lines: Json) -> bool:
        """Ships the lines, None for all that remain; False when Cin7 refuses."""
        parcel = min(job.parcels_sent, 1)
        late = job.plan.late_tracking[parcel]
        tracking = job.plan.tracking[parcel]
        arguments: dict[str, Any] = {"sale_id": job.sale_id, "carrier": job.plan.carrier}
        if lines is not None:
            arguments["lines"] = lines
        if not late:
            arguments["tracking"] = tracking
        try:
            sent = self._company.act("pick_pack_ship", arguments)
        except ValueError:
            self.counts["refused"] += 1
            return False
        job.parcels_sent += 1
        self.counts["parcels"] += 1
        if late:
            job.tracking_owed += 1
            number = int(sent["fulfilment_number"])
            self._later(job.plan.tracking_after, lambda owed: self._add_tracking(owed, number, tracking), job)
        return True

    def _add_tracking(self, job: _Job, number: int, tracking: str) -> None:
        arguments = {
            "sale_id": job.sale_id,
            "fulfilment_number": number,
            "tracking": tracking,
            "carrier": job.plan.carrier,
        }
        job.tracking_owed -= 1
        try:
            self._company.act("add_tracking", arguments)
            self.counts["late_tracking"] += 1
        except (KeyError, ValueError):
            # Somebody has voided the sale or its fulfilment since.
            self.counts["refused"] += 1
        if job.tracking_owed == 0 and not self._remains(job):
            self._forget(job, "shipped")

    def _remains(self, job: _Job) -> bool:
        """True while a parcel of the sale is still to leave."""
        return any(job is waiting and step == self._dispatch for _, _, step, waiting in self._agenda)

    def _await_goods(self, job: _Job, short: list[Json], location: str) -> None:
        if job.goods_ordered:
            for line in short:
                needed = _number(line["BackorderQuantity"]).to_integral_value(ROUND_CEILING)
                self._company.act("receive_stock", {"sku": line["SKU"], "location": location, "quantity": needed})
                self.counts["receipts"] += 1
            self._later(_RETRY_SECONDS, self._dispatch, job)
            return
        job.goods_ordered = True
        self.counts["backordered"] += 1
        self._later(self._options.receipt_minutes * 60.0, self._dispatch, job)

    def _forget(self, job: _Job, how: str) -> None:
        del self._jobs[job.sale_id]
        self.last_news = self._clock.now()
        self.counts[how] += 1
        # A sale that was withdrawn may be authorised again after an undo.
        if how != "withdrawn":
            self._finished.add(job.sale_id)

    def _is_goods(self, line: Mapping[str, Any]) -> bool:
        return str(line.get("SKU")) in self._goods and _number(line.get("Quantity")) > 0


def _first_parcel(lines: list[Json]) -> list[dict[str, Any]] | None:
    """About half of the goods; None when they cannot be divided."""
    if len(lines) > 1:
        return [{"sku": line["SKU"], "quantity": line["Quantity"]} for line in lines[: len(lines) // 2]]
    whole = int(_number(lines[0]["Quantity"]))
    return [{"sku": lines[0]["SKU"], "quantity": whole // 2}] if whole >= 2 else None


def _number(value: object) -> Decimal:
    return Decimal(str(value or 0))


def _last_number(text: str) -> str:
    """The number at the end of a reference such as bc:abc:100123 or BC-100123."""
    digits = ""
    for sign in reversed(text.strip()):
        if not sign.isdigit():
            break
        digits = sign + digits
    return digits
