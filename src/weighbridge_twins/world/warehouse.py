"""The warehouse: reads sales from Cin7 Core only; picks, packs, ships, and receives missing goods."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import count
from typing import Any, Final

from weighbridge_twins.clock import Clock
from weighbridge_twins.http.call import Json, Platform
from weighbridge_twins.world.instructions import CustomerService, Instruction, NoCustomerService
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.plan import Dispatch, plan_dispatch
from weighbridge_twins.world.screen import Screen

MAIN: Final = "Main Warehouse"
OVERFLOW: Final = "Overflow"
_OVERLAP: Final = timedelta(minutes=5)
_POLLS_BETWEEN_FULL: Final = 20
_RETRY_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 30.0


@dataclass
class _Job:
    """A sale that the warehouse is working on."""

    sale_id: str
    number: str
    store_order: str
    plan: Dispatch
    held_back_since: float | None = None
    picked: bool = False
    parcels_sent: int = 0
    tracking_owed: int = 0
    goods_ordered: bool = False


class Warehouse:
    """Ships authorised sales. The basket of a sale decides how it is shipped, see `world_plan`.

    `basket_of` returns the basket of a store order number, None for an order that no simulated shopper placed.
    """

    def __init__(
        self,
        company: Platform,
        clock: Clock,
        options: WorldOptions,
        goods: set[str],
        basket_of: Callable[[str], str | None],
        customer_service: CustomerService | None = None,
    ) -> None:
        self._company = company
        self._screen = Screen(company, clock)
        self._clock = clock
        self._options = options
        self._goods = goods
        self._basket_of = basket_of
        self._customer_service = customer_service or NoCustomerService()
        self._jobs: dict[str, _Job] = {}
        self._finished: set[str] = set()
        self._scheduled_steps: list[tuple[float, int, Callable[[_Job], None], _Job]] = []
        self._order = count()
        self._since: datetime | None = None
        self._polls_until_full = 0
        self.counts: Counter[str] = Counter()
        self.excluded_numbers: set[str] = set()
        """Numbers of store orders and sales that the warehouse ignores."""
        self.last_change_at = clock.now()
        """When the warehouse last started or finished a sale."""

    @property
    def idle(self) -> bool:
        """True when every known sale is shipped with its tracking number, or was dropped."""
        return not self._jobs

    def poll(self) -> None:
        """Reads changed sales and starts work on those to be shipped."""
        # A list may hide rows for a while, so some polls read all sales. They become rarer as the number of sales
        # grows, so that a long run stays as fast as its start.
        full = self._polls_until_full <= 0
        self._polls_until_full = _POLLS_BETWEEN_FULL + len(self._finished) // 10 if full else self._polls_until_full - 1
        since = None if full or self._since is None else self._since - _OVERLAP
        self._since = self._clock.now()
        for row in self._screen.authorised_sales(since):
            sale_id = str(row["SaleID"])
            if row["OrderStatus"] != "AUTHORISED" or row["Status"] == "VOIDED":
                continue
            if sale_id in self._jobs or sale_id in self._finished or row["CombinedShippingStatus"] == "SHIPPED":
                continue
            if {str(row["OrderNumber"]), _last_number(str(row.get("ExternalID") or ""))} & self.excluded_numbers:
                continue
            number, basket = self._store_order(row)
            plan = plan_dispatch(basket or str(row["OrderNumber"]), self._options)
            job = _Job(sale_id, str(row["OrderNumber"]), number, plan)
            self._jobs[sale_id] = job
            self._customer_service.on_sale_authorised(number)
            self.last_change_at = self._since
            self._schedule_in(job.plan.pick_after, self._dispatch, job)

    def work(self, until: Callable[[], bool]) -> bool:
        """Runs due steps until `until` returns True; returns True when more steps are due."""
        now = self._clock.now().timestamp()
        while self._scheduled_steps and self._scheduled_steps[0][0] <= now:
            if until():
                return True
            _, _, step, job = heapq.heappop(self._scheduled_steps)
            step(job)
        return False

    def _schedule_in(self, seconds: float, step: Callable[[_Job], None], job: _Job) -> None:
        heapq.heappush(self._scheduled_steps, (self._clock.now().timestamp() + seconds, next(self._order), step, job))

    def _store_order(self, row: Mapping[str, Any]) -> tuple[str, str]:
        """Returns store order number and basket of a sale; both empty for a sale that no simulated shopper caused."""
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
        instruction = self._customer_service.instruction(job.store_order, sale) if job.store_order else Instruction.SHIP
        if self._holds_back(job, instruction, sale):
            return
        lines = [line for line in order.get("Lines") or [] if self._is_goods(line)]
        short = [line for line in lines if _number(line.get("BackorderQuantity")) > 0]
        if short:
            self._await_goods(job, short, str(sale.get("Location") or MAIN))
            return
        if not lines:
            self._forget(job, "without_goods")
            return
        if instruction is Instruction.PICK:
            self._pick(job)
            return
        first = _first_parcel(lines) if job.plan.parcels == 2 and job.parcels_sent == 0 else None
        if self._send_parcel(job, first):
            if first:
                self._schedule_in(job.plan.second_after, self._dispatch, job)
                return
            if self._options.invoice_at_dispatch and self._screen.invoice(job.sale_id):
                self.counts["invoiced"] += 1
            self._customer_service.on_sale_shipped(job.store_order, job.parcels_sent)
            if job.tracking_owed == 0:
                self._forget(job, "shipped")
        else:
            self._schedule_in(_RETRY_SECONDS, self._dispatch, job)

    def _holds_back(self, job: _Job, instruction: Instruction, sale: Json) -> bool:
        """Returns True when nothing of the sale ships now; checks again until the patience ends."""
        if instruction is Instruction.SHIP or (instruction is Instruction.PICK and not job.picked):
            return False
        now = self._clock.now().timestamp()
        job.held_back_since = job.held_back_since or now
        # Nothing of an ended order is ever shipped, so the length of this wait changes no outcome.
        ended = instruction is Instruction.STOP or (instruction is Instruction.PUT_BACK and not job.picked)
        patience = self._options.patience_minutes if ended else self._options.hold_back_minutes
        if now - job.held_back_since >= patience * 60.0:
            self.counts[f"lost_patience_{instruction}"] += 1
            if instruction is Instruction.WAIT:
                return False
            self._forget(job, "stopped")
            return True
        if instruction is Instruction.PUT_BACK and job.picked:
            self._put_back(job, sale)
        self._schedule_in(_POLL_SECONDS, self._dispatch, job)
        return True

    def _pick(self, job: _Job) -> None:
        try:
            self._company.act("pick", {"sale_id": job.sale_id})
        except ValueError:
            self.counts["refused"] += 1
        else:
            job.picked = True
            self.counts["picked_only"] += 1
            self._customer_service.on_sale_picked(job.store_order)
        self._schedule_in(_RETRY_SECONDS, self._dispatch, job)

    def _put_back(self, job: _Job, sale: Json) -> None:
        self._screen.void_fulfilments(sale)
        job.picked = False
        self.counts["put_back"] += 1

    def _send_parcel(self, job: _Job, lines: Json) -> bool:
        """Ships the lines (None: all that remain); returns False when Cin7 refuses."""
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
            self._schedule_in(job.plan.tracking_after, lambda owed: self._add_tracking(owed, number, tracking), job)
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
            # A user has voided the sale or its fulfilment since.
            self.counts["refused"] += 1
        if job.tracking_owed == 0 and not self._remains(job):
            self._forget(job, "shipped")

    def _remains(self, job: _Job) -> bool:
        """Returns True while a parcel of the sale is still to be shipped."""
        return any(job is waiting and step == self._dispatch for _, _, step, waiting in self._scheduled_steps)

    def _await_goods(self, job: _Job, short: list[Json], location: str) -> None:
        if job.goods_ordered:
            for line in short:
                needed = _number(line["BackorderQuantity"]).to_integral_value(ROUND_CEILING)
                self._company.act("receive_stock", {"sku": line["SKU"], "location": location, "quantity": needed})
                self.counts["receipts"] += 1
            self._schedule_in(_RETRY_SECONDS, self._dispatch, job)
            return
        job.goods_ordered = True
        self.counts["backordered"] += 1
        self._schedule_in(self._options.receipt_minutes * 60.0, self._dispatch, job)

    def _forget(self, job: _Job, how: str) -> None:
        del self._jobs[job.sale_id]
        self.last_change_at = self._clock.now()
        self.counts[how] += 1
        # A withdrawn sale may be authorised again after an undo.
        if how != "withdrawn":
            self._finished.add(job.sale_id)

    def _is_goods(self, line: Mapping[str, Any]) -> bool:
        return str(line.get("SKU")) in self._goods and _number(line.get("Quantity")) > 0


def _first_parcel(lines: list[Json]) -> list[dict[str, Any]] | None:
    """Returns about half of the goods, None when they cannot be divided."""
    if len(lines) > 1:
        return [{"sku": line["SKU"], "quantity": line["Quantity"]} for line in lines[: len(lines) // 2]]
    whole = int(_number(lines[0]["Quantity"]))
    return [{"sku": lines[0]["SKU"], "quantity": whole // 2}] if whole >= 2 else None


def _number(value: object) -> Decimal:
    return Decimal(str(value or 0))


def _last_number(text: str) -> str:
    """Returns the number at the end of a reference such as bc:abc:100123 or BC-100123."""
    digits = ""
    for sign in reversed(text.strip()):
        if not sign.isdigit():
            break
        digits = sign + digits
    return digits
