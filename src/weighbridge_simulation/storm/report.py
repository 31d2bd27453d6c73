"""The results of a storm, both protocols side by side, and whether the reported bound held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from weighbridge_simulation.storm.outcome import Outcome, Protocol

CENT = Decimal("0.01")


def broken(outcome: Outcome) -> dict[str, tuple[int, int]]:
    """SKUs that were oversold beyond the largest bound that the product reported: (units oversold, largest bound)."""
    if outcome.protocol is not Protocol.WEIGHBRIDGE:
        return {}
    short = outcome.ledger.oversold.items()
    return {sku: (units, outcome.bounds[sku]) for sku, units in short if units > outcome.bounds[sku]}


def worst_seen(outcome: Outcome) -> int:
    """The most units of one SKU that were oversold, or would have been if the store had sold all that it showed."""
    ledger = outcome.ledger
    return max([0, *ledger.oversold.values(), *ledger.claimed.values()])


def most_beyond(outcome: Outcome) -> int:
    """The most units of one SKU that could have been oversold beyond the bound of the same sample."""
    return max([0, *outcome.exceeded.values()])


def ratio(outcome: Outcome) -> Decimal | None:
    """The largest bound of any SKU divided by the worst seen of any SKU; None where no SKU could be oversold."""
    seen = worst_seen(outcome)
    return (Decimal(max([0, *outcome.bounds.values()])) / seen).quantize(CENT) if seen else None


def print_storm(outcomes: Sequence[Outcome], hot: Sequence[str], out: Console) -> None:
    """Prints two tables: the whole storm and the hot SKUs."""
    table = Table("", *(str(outcome.protocol) for outcome in outcomes), title="The storm", title_justify="left")
    for label, value in ROWS:
        table.add_row(label, *(value(outcome) for outcome in outcomes))
    out.print(table)
    columns = [f"{count}, {outcome.protocol}" for outcome in outcomes for count in ("oversold", "at worst")]
    skus = Table("SKU", "Supply", *columns, "largest bound", title="Hot SKUs", title_justify="left")
    for sku in hot:
        cells = [
            str(units)
            for ledger in (outcome.ledger for outcome in outcomes)
            for units in (max(0, ledger.oversold[sku]), ledger.claimed[sku])
        ]
        bound = next((str(outcome.bounds[sku]) for outcome in outcomes if outcome.protocol is Protocol.WEIGHBRIDGE), "")
        skus.add_row(sku, str(outcomes[0].ledger.supply[sku]), *cells, bound)
    out.print(skus)
    for outcome in outcomes:
        for sku, (units, bound_units) in broken(outcome).items():
            out.print(f"{sku}: {units} units oversold; the largest bound reported was {bound_units}", style="red")


def as_json(outcomes: Sequence[Outcome], hot: Sequence[str]) -> dict[str, Any]:
    """The results of the storm for programs."""
    return {
        str(outcome.protocol): {
            "orders": outcome.orders,
            "units_demanded": outcome.ledger.units_demanded,
            "units_sold": sum(outcome.ledger.sold.values()),
            "units_oversold": _oversold(outcome),
            "orders_oversold": outcome.ledger.oversold_orders(),
            "units_lost": sum(outcome.ledger.lost.values()),
            "worst_seen": worst_seen(outcome),
            "largest_bound": max([0, *outcome.bounds.values()]),
            "bound_to_worst_seen": str(ratio(outcome)) if outcome.bounds else None,
            "bound_broken": sorted(broken(outcome)),
            "oversold_beyond_earlier_bounds": sorted(outcome.beyond),
            "samples": outcome.samples,
            "throttled": outcome.throttled,
            "most_beyond_bound_of_same_sample": most_beyond(outcome),
            "late_seconds": round(outcome.late_seconds, 1),
            "hot": {
                sku: {
                    "supply": outcome.ledger.supply[sku],
                    "sold": outcome.ledger.sold[sku],
                    "oversold": max(0, outcome.ledger.oversold[sku]),
                    "worst_claimed": outcome.ledger.claimed[sku],
                    "largest_bound": outcome.bounds.get(sku),
                }
                for sku in hot
            },
        }
        for outcome in outcomes
    }


def _oversold(outcome: Outcome) -> int:
    return sum(units for units in outcome.ledger.oversold.values() if units > 0)


def _worst_sku(outcome: Outcome) -> str:
    sku, units = max(outcome.ledger.oversold.items(), key=lambda pair: pair[1])
    return f"{units} ({sku})" if units > 0 else "none"


def _bound(outcome: Outcome) -> str:
    return f"{max(outcome.bounds.values()):,}" if outcome.bounds else "none reported"


def _terms(outcome: Outcome) -> str:
    worst = outcome.worst
    if worst is None:
        return ""
    return (
        f"{worst.on_sale - worst.free:f} + {worst.overwritten:f}"
        f" + {worst.unseen:f} in {worst.reading_age.total_seconds():.0f} s"
    )


def _most_beyond(outcome: Outcome) -> str:
    return f"{most_beyond(outcome)}" if outcome.bounds else ""


def _early(outcome: Outcome) -> str:
    return f"{len(outcome.beyond)}" if outcome.bounds else ""


def _ratio(outcome: Outcome) -> str:
    value = ratio(outcome)
    return "" if value is None or not outcome.bounds else f"{value} x"


ROWS: Sequence[tuple[str, Callable[[Outcome], str]]] = (
    ("Orders placed", lambda outcome: f"{outcome.orders:,}"),
    (
        "Units sold, of units demanded",
        lambda outcome: f"{sum(outcome.ledger.sold.values()):,} of {outcome.ledger.units_demanded:,}",
    ),
    ("Units oversold", lambda outcome: f"{_oversold(outcome):,}"),
    ("Orders that cannot be shipped in full", lambda outcome: f"{outcome.ledger.oversold_orders():,}"),
    ("Worst SKU, units oversold", _worst_sku),
    ("Lost sales: units demanded and free, but not shown", lambda outcome: f"{sum(outcome.ledger.lost.values()):,}"),
    ("Worst SKU, units oversold or possible by the level shown", lambda outcome: f"{worst_seen(outcome):,}"),
    ("Largest bound reported for a SKU, units", _bound),
    ("... made of: shown beyond free + overwritten + unseen", _terms),
    ("... divided by the worst seen of a SKU", _ratio),
    ("SKUs oversold beyond all bounds reported before", _early),
    ("Most units possible beyond the bound of the same sample", _most_beyond),
    ("Calls that Cin7 throttled", lambda outcome: f"{outcome.throttled:,}"),
    ("Largest delay of a shopper, seconds", lambda outcome: f"{outcome.late_seconds:.0f}"),
)
