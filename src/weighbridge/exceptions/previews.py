"""Previews of playbooks: what each would do to one exception. They call no platform and write nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weighbridge.design.schema import Design
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.correction import problem_with
from weighbridge.exceptions.plan import Plan, missing_argument
from weighbridge.exceptions.records import ExceptionObject, ExceptionRecord


@dataclass(frozen=True, slots=True)
class PlaybookContext:
    """Everything that a preview needs."""

    exception_record: ExceptionRecord
    objects: Sequence[ExceptionObject]
    """The open objects of the exception."""
    otherwise_held: int
    """How many of them have another cause too."""
    design: Design
    """The design in effect."""
    tax_rules: Mapping[str, bool] | None
    """Tax rule of Cin7 -> whether it is usable for sales; None before the reference data was read."""
    sellable: bool | None
    """Whether Cin7 has the SKU of the argument, active and sellable; None without that argument."""


Draft = Callable[[PlaybookContext, Mapping[str, str]], Plan]


def plan(playbook: Playbook, context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    """The preview of `playbook`; its `problem` says why it cannot run."""
    given = {name: text.strip() for name, text in arguments.items() if text.strip()}
    exception_record = context.exception_record
    problem = missing_argument(playbook, given)
    if playbook not in exception_record.entry.playbooks:
        allowed = ", ".join(exception_record.entry.playbooks)
        problem = f"{playbook} is no safe action for {exception_record.kind}; expected one of: {allowed}"
    elif exception_record.state != "open":
        problem = f"exception {exception_record.id} is {exception_record.state}"
    if problem:
        return _refused(playbook, problem)
    return DRAFTS[playbook](context, given)


def _refused(playbook: Playbook, problem: str) -> Plan:
    return Plan(playbook, (), (), {}, problem)


def _planned(
    playbook: Playbook, context: PlaybookContext, *lines: str, change: Mapping[str, Any] | None = None
) -> Plan:
    return Plan(playbook, lines, tuple(held.transfer_id for held in context.objects), dict(change or {}))


def _recheck_line(context: PlaybookContext) -> str:
    number = len(context.objects)
    held = context.otherwise_held
    also = f"; {held} of them {'has' if held == 1 else 'have'} another cause too" if held else ""
    return f"{number} {'object is' if number == 1 else 'objects are'} re-checked, then posted{also}."


def _values(context: PlaybookContext) -> list[str]:
    """The values of the findings: one, or several if exceptions were merged."""
    return sorted({exception_object.value for exception_object in context.objects})


def _retry(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    return _planned(Playbook.RETRY, context, _recheck_line(context))


def _replay(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    orders = [order for order in context.objects if order.flow == "orders"]
    if not orders:
        return _refused(Playbook.REPLAY, "only orders can be replayed; retry these objects")
    line = f"{len(orders)} orders are posted as they were mapped, byte for byte, without reading the store again."
    return Plan(Playbook.REPLAY, (line,), tuple(order.transfer_id for order in orders), {})


def _release(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    releases = [
        {"transfer_id": held.transfer_id, "kind": str(context.exception_record.kind), "value": held.value}
        for held in context.objects
    ]
    line = (
        f"{context.exception_record.kind} no longer holds {len(releases)} objects, as long as the value stays the same."
    )
    return _planned(Playbook.RELEASE, context, line, _recheck_line(context), change={"releases": releases})


def _correct(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    selected = [
        held for held in context.objects if arguments.get("key", held.key) == held.key and held.flow == "orders"
    ]
    if len(selected) != 1:
        keys = ", ".join(held.key for held in context.objects[:5])
        return _refused(Playbook.CORRECT, f"say which order by its key; {len(context.objects)} are held: {keys}")
    [order] = selected
    field = arguments.get("field", order.field)
    if problem := problem_with(field, arguments["value"]):
        return _refused(Playbook.CORRECT, problem)
    if field != order.field:
        return _refused(Playbook.CORRECT, f"field is {field}; expected {order.field}, the field of the finding")
    if arguments["value"] == order.value:
        return _refused(Playbook.CORRECT, f"{field} is already {order.value!r}")
    correction = {"transfer_id": order.transfer_id, "field": field, "before": order.value, "after": arguments["value"]}
    line = (
        f"The sale of order {order.key} is made with {field} {arguments['value']!r}; the store keeps {order.value!r}."
    )
    lines = (line, "Both values are stored. The correction no longer applies if the value in the store changes.")
    return Plan(Playbook.CORRECT, lines, (order.transfer_id,), {"corrections": [correction]})


def _map_tax(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    exception_record, rule = context.exception_record, arguments["rule"]
    if context.tax_rules is None:
        return _refused(Playbook.MAP_TAX, "the tax rules of Cin7 were not read yet; try again in a minute")
    if not context.tax_rules.get(rule, False):
        usable = ", ".join(sorted(name for name, is_usable in context.tax_rules.items() if is_usable)) or "none"
        return _refused(Playbook.MAP_TAX, f"Cin7 has no active tax rule {rule!r} for sales; expected one of: {usable}")
    taxes = _values(context)
    if exception_record.kind is FindingKind.TAX_RULE_MISSING:
        taxes = [tax for tax, mapped_rule in context.design.tax.rules.items() if mapped_rule in taxes]
        if not taxes:
            return _refused(
                Playbook.MAP_TAX, f"no tax is mapped to {exception_record.value!r}; change tax.untaxed in the file"
            )
    if any(tax.startswith("unnamed tax of ") for tax in taxes):
        return _refused(Playbook.MAP_TAX, "the store does not name this tax; correct the order in the store")
    changes = [{"setting": "tax.rules", "key": tax, "value": rule} for tax in taxes]
    line = f"Tax {', '.join(taxes)} of the store is tax rule {rule!r} of Cin7 from now on, in a new design version."
    return _planned(Playbook.MAP_TAX, context, line, _recheck_line(context), change={"design": changes})


def _map_payment(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    tender = arguments.get("tender") or context.exception_record.value.rpartition(" by ")[2]
    changes = [{"setting": "payments.accounts", "key": tender.lower(), "value": arguments["account"]}]
    line = f"Payments by {tender} go to Cin7 account {arguments['account']} from now on, in a new design version."
    return _planned(Playbook.MAP_PAYMENT, context, line, _recheck_line(context), change={"design": changes})


def _map_sku(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    sku, store_skus = arguments["sku"], _values(context)
    if not context.sellable:
        return _refused(Playbook.MAP_SKU, f"Cin7 has no active, sellable product {sku!r}; case and spaces count")
    if sku in store_skus:
        return _refused(Playbook.MAP_SKU, f"sku is {sku!r}, the SKU of the store; expected another SKU of Cin7")
    changes = [{"setting": "skus", "key": store_sku, "value": sku} for store_sku in store_skus]
    lines = (
        f"Orders of SKU {', '.join(store_skus)} become sales of {sku} from now on, in a new design version.",
        f"The stock of {', '.join(store_skus)} is published only once the SKUs are identical in both systems.",
        _recheck_line(context),
    )
    return _planned(Playbook.MAP_SKU, context, *lines, change={"design": changes})


def _void_duplicate(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    keys = ", ".join(order.key for order in context.objects[:5])
    line = f"Every other live sale of {keys} in Cin7 is voided; then Cin7 is read to confirm that one is left."
    return _planned(Playbook.VOID_DUPLICATE, context, line, "A voided sale stays voided.")


def _push_stock(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    line = "The stock is read from Cin7, and every level is published to the store again and read back."
    return _planned(Playbook.PUSH_STOCK, context, line, "No sale and no order changes.")


def _restock_by_hand(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    number = len(context.objects)
    line = (
        f"{number} objects are closed: {arguments['document']} in Cin7 put the goods back on stock. Nothing is written."
    )
    return _planned(
        Playbook.RESTOCK_BY_HAND, context, line, change={"closes": f"put back in Cin7 by {arguments['document']}"}
    )


def _accept(context: PlaybookContext, arguments: Mapping[str, str]) -> Plan:
    line = f"{len(context.objects)} objects are closed as they are. Nothing is written to any platform."
    return _planned(Playbook.ACCEPT, context, line, change={"closes": "accepted as it is"})


DRAFTS: Mapping[Playbook, Draft] = {
    Playbook.RETRY: _retry,
    Playbook.REPLAY: _replay,
    Playbook.CORRECT: _correct,
    Playbook.RELEASE: _release,
    Playbook.MAP_TAX: _map_tax,
    Playbook.MAP_PAYMENT: _map_payment,
    Playbook.MAP_SKU: _map_sku,
    Playbook.VOID_DUPLICATE: _void_duplicate,
    Playbook.PUSH_STOCK: _push_stock,
    Playbook.RESTOCK_BY_HAND: _restock_by_hand,
    Playbook.ACCEPT: _accept,
}
