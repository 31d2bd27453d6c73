"""Previews: what each playbook would do to one exception, from what is stored. Nothing is called, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weighbridge.design.schema import Design
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.orders.correction import problem_with
from weighbridge.exceptions.plan import Plan, missing_argument
from weighbridge.exceptions.records import Case, CaseObject

RULE_USED = 2
"""Place of `usable for sales` in a kept tax rule: name, percent, usable."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a preview looks at."""

    case: Case
    objects: Sequence[CaseObject]
    """The open ones."""
    otherwise_held: int
    """How many of them wait for another cause too."""
    design: Design
    """As it counts now."""
    tax_rules: Mapping[str, bool] | None
    """Tax rule of Cin7 -> whether it is for sales; None before the books were read."""
    sellable: bool | None
    """Whether Cin7 has the SKU that is named, active and sellable; None when none is named."""


Draft = Callable[[Ground, Mapping[str, str]], Plan]


def plan(remedy: Remedy, ground: Ground, arguments: Mapping[str, str]) -> Plan:
    """The preview of `remedy`; its `problem` says why it cannot run."""
    told = {name: text.strip() for name, text in arguments.items() if text.strip()}
    case = ground.case
    problem = missing_argument(remedy, told)
    if remedy not in case.entry.remedies:
        problem = f"{remedy} is no safe action for {case.kind}; these are: {', '.join(case.entry.remedies)}"
    elif case.state != "open":
        problem = f"exception {case.id} is {case.state}"
    if problem:
        return _refused(remedy, problem)
    return DRAFTS[remedy](ground, told)


def _refused(remedy: Remedy, problem: str) -> Plan:
    return Plan(remedy, (), (), {}, problem)


def _planned(remedy: Remedy, ground: Ground, *lines: str, change: Mapping[str, Any] | None = None) -> Plan:
    return Plan(remedy, lines, tuple(one.transfer_id for one in ground.objects), dict(change or {}))


def _looks(ground: Ground) -> str:
    number = len(ground.objects)
    also = f"; {ground.otherwise_held} of them wait for something else too" if ground.otherwise_held else ""
    return f"{number} {'object is' if number == 1 else 'objects are'} weighed again, and get on if nothing else{also}."


def _values(ground: Ground) -> list[str]:
    """What was found: one value, or those of exceptions that were merged."""
    return sorted({one.value for one in ground.objects})


def _retry(ground: Ground, told: Mapping[str, str]) -> Plan:
    return _planned(Remedy.RETRY, ground, _looks(ground))


def _replay(ground: Ground, told: Mapping[str, str]) -> Plan:
    orders = [one for one in ground.objects if one.flow == "orders"]
    if not orders:
        return _refused(Remedy.REPLAY, "only orders are replayed; retry these")
    lines = f"{len(orders)} orders are posted as they were mapped, byte for byte; the shop is not asked again."
    return Plan(Remedy.REPLAY, (lines,), tuple(one.transfer_id for one in orders), {})


def _release(ground: Ground, told: Mapping[str, str]) -> Plan:
    releases = [
        {"transfer_id": one.transfer_id, "kind": str(ground.case.kind), "value": one.value} for one in ground.objects
    ]
    line = f"{ground.case.kind} no longer stops {len(releases)} objects, as long as it shows the same value."
    return _planned(Remedy.RELEASE, ground, line, _looks(ground), change={"releases": releases})


def _correct(ground: Ground, told: Mapping[str, str]) -> Plan:
    wanted = [one for one in ground.objects if told.get("key", one.key) == one.key and one.flow == "orders"]
    if len(wanted) != 1:
        keys = ", ".join(one.key for one in ground.objects[:5])
        return _refused(Remedy.CORRECT, f"say which order by its key; {len(ground.objects)} wait here: {keys}")
    [one] = wanted
    field = told.get("field", one.field)
    if problem := problem_with(field, told["value"]):
        return _refused(Remedy.CORRECT, problem)
    if field != one.field:
        return _refused(Remedy.CORRECT, f"what was found is {one.field}; correct that one")
    if told["value"] == one.value:
        return _refused(Remedy.CORRECT, f"{field} is {one.value!r} already")
    correction = {"transfer_id": one.transfer_id, "field": field, "before": one.value, "after": told["value"]}
    line = f"The sale of order {one.key} is made with {field} {told['value']!r}; the shop keeps {one.value!r}."
    lines = (line, "Both are kept. If the shop shows another value later, the correction no longer counts.")
    return Plan(Remedy.CORRECT, lines, (one.transfer_id,), {"corrections": [correction]})


def _map_tax(ground: Ground, told: Mapping[str, str]) -> Plan:
    case, rule = ground.case, told["rule"]
    if ground.tax_rules is None:
        return _refused(Remedy.MAP_TAX, "the tax rules of Cin7 were not read yet; try again in a minute")
    if not ground.tax_rules.get(rule, False):
        usable = ", ".join(sorted(name for name, used in ground.tax_rules.items() if used)) or "none"
        return _refused(Remedy.MAP_TAX, f"Cin7 has no active tax rule {rule!r} for sales; there are: {usable}")
    taxes = _values(ground)
    if case.kind is FindingKind.TAX_RULE_MISSING:
        taxes = [tax for tax, named in ground.design.tax.rules.items() if named in taxes]
        if not taxes:
            return _refused(Remedy.MAP_TAX, f"no tax is mapped to {case.value!r}; change tax.untaxed in the file")
    if any(tax.startswith("unnamed tax of ") for tax in taxes):
        return _refused(Remedy.MAP_TAX, "the shop does not name this tax; put the order right there")
    changes = [{"setting": "tax.rules", "key": tax, "value": rule} for tax in taxes]
    line = f"Tax {', '.join(taxes)} of the shop is tax rule {rule!r} of Cin7 from now on, in a new design version."
    return _planned(Remedy.MAP_TAX, ground, line, _looks(ground), change={"design": changes})


def _map_payment(ground: Ground, told: Mapping[str, str]) -> Plan:
    tender = told.get("tender") or ground.case.value.rpartition(" by ")[2]
    changes = [{"setting": "payments.accounts", "key": tender.lower(), "value": told["account"]}]
    line = f"Payments by {tender} go to Cin7 account {told['account']} from now on, in a new design version."
    return _planned(Remedy.MAP_PAYMENT, ground, line, _looks(ground), change={"design": changes})


def _map_sku(ground: Ground, told: Mapping[str, str]) -> Plan:
    sku, shown = told["sku"], _values(ground)
    if not ground.sellable:
        return _refused(Remedy.MAP_SKU, f"Cin7 has no active, sellable product {sku!r}; case and spaces count")
    if sku in shown:
        return _refused(Remedy.MAP_SKU, f"{sku!r} is what the shop has")
    changes = [{"setting": "skus", "key": one, "value": sku} for one in shown]
    lines = (
        f"Orders of SKU {', '.join(shown)} become sales of {sku} from now on, in a new design version.",
        f"The stock of {', '.join(shown)} is told to the shop only once both are written alike.",
        _looks(ground),
    )
    return _planned(Remedy.MAP_SKU, ground, *lines, change={"design": changes})


def _void_duplicate(ground: Ground, told: Mapping[str, str]) -> Plan:
    keys = ", ".join(one.key for one in ground.objects[:5])
    line = f"Every live sale of {keys} in Cin7 but the order's own is voided; then Cin7 is asked whether one is left."
    return _planned(Remedy.VOID_DUPLICATE, ground, line, "A voided sale stays voided.")


def _push_stock(ground: Ground, told: Mapping[str, str]) -> Plan:
    line = "The stock is read from Cin7, every level is told to the shop again and read back there."
    return _planned(Remedy.PUSH_STOCK, ground, line, "No sale and no order is touched.")


def _restock_by_hand(ground: Ground, told: Mapping[str, str]) -> Plan:
    number = len(ground.objects)
    line = f"{number} objects are closed: {told['document']} in Cin7 put their goods back. Nothing is written."
    return _planned(Remedy.RESTOCK_BY_HAND, ground, line, change={"closes": f"put back in Cin7 by {told['document']}"})


def _accept(ground: Ground, told: Mapping[str, str]) -> Plan:
    line = f"{len(ground.objects)} objects are closed as they are, on your word. Nothing is written to any platform."
    return _planned(Remedy.ACCEPT, ground, line, change={"closes": "accepted as it is"})


DRAFTS: Mapping[Remedy, Draft] = {
    Remedy.RETRY: _retry,
    Remedy.REPLAY: _replay,
    Remedy.CORRECT: _correct,
    Remedy.RELEASE: _release,
    Remedy.MAP_TAX: _map_tax,
    Remedy.MAP_PAYMENT: _map_payment,
    Remedy.MAP_SKU: _map_sku,
    Remedy.VOID_DUPLICATE: _void_duplicate,
    Remedy.PUSH_STOCK: _push_stock,
    Remedy.RESTOCK_BY_HAND: _restock_by_hand,
    Remedy.ACCEPT: _accept,
}
