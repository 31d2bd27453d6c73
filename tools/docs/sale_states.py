"""Generates docs/finance/sale-states.md from the functions of the flows: `python -m tools.docs.sale_states FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from weighbridge.domain.orders.amendment import Change, ChangeKind, amendment
from weighbridge.domain.orders.cancellation import cancellation
from weighbridge.domain.orders.sale_policy import CancelPolicy, Depth, EditPolicy
from weighbridge.domain.orders.sale_stage import (
    BILLING_MOVES,
    FULFILMENT_MOVES,
    SOURCES,
    BillingStatus,
    DocumentStatus,
    FulfilmentStatus,
    Move,
    SaleKind,
    Stage,
    after,
    stages,
)

INTRODUCTION = """# The states of a sale

The states of a sale in Cin7 Core, and the moves between them. This page is generated from `sale_stage.py`,
`amendment.py` and `cancellation.py` in `src/weighbridge/domain/orders/`. The flows use the same functions before they
undo, void or bill. A test makes every move of this page on the twin of Cin7 Core, and every other move, which must be
refused. To generate the page:

    python -m tools.docs.sale_states docs/finance/sale-states.md

An authorised order document holds stock. After that, goods and money have separate states, and each move depends only
on one of them; only undo and void depend on both. Moves that do not change the state (a further payment, a changed
header) are only in the table of moves.
"""
BOTH_SIDES = (Move.UNDO, Move.VOID)
EDIT = {
    "lines, prices or charges": (Change(ChangeKind.LINES, ""),),
    "shipping address or contact": (Change(ChangeKind.SHIPPING_ADDRESS, ""),),
}
NUMBER = "the sale"


def page() -> str:
    """The whole page."""
    sections = [INTRODUCTION]
    for kind in SaleKind:
        sections += [f"## {kind} sale\n", *_diagram(kind), ""]
    return "\n".join([*sections, *_moves(), *_edits(), *_cancellations()]) + "\n"


def _diagram(kind: SaleKind) -> Iterator[str]:
    start = Stage(kind, DocumentStatus.AUTHORISED)
    yield "```mermaid\nstateDiagram-v2"
    yield "    [*] --> header: POST /sale"
    for document in (DocumentStatus.HEADER, DocumentStatus.DRAFT):
        for move in Move:
            then = after(Stage(kind, document), move)
            if then is not None and then.document is not document:
                yield f"    {document} --> {then.document}: {move}"
    for move in BOTH_SIDES:
        then = after(start, move)
        if then is not None:
            yield f"    authorised --> {then.document}: {move} [{_where(kind, move)}]"
    yield "    state authorised {"
    yield from _side(kind, FULFILMENT_MOVES)
    yield "        --"
    yield from _side(kind, BILLING_MOVES)
    yield "    }\n    voided --> [*]\n```"


def _side(
    kind: SaleKind,
    moves: dict[Move, dict[FulfilmentStatus, FulfilmentStatus]] | dict[Move, dict[BillingStatus, BillingStatus]],
) -> Iterator[str]:
    """One region of the authorised sale: the moves of goods or of money, with the other unchanged."""
    is_fulfilment = moves is FULFILMENT_MOVES
    yield f"        [*] --> {FulfilmentStatus.WAITING if is_fulfilment else BillingStatus.UNBILLED}"
    for move in moves:
        for state in FulfilmentStatus if is_fulfilment else BillingStatus:
            stage = _stage_with(kind, state)
            then = after(stage, move)
            reached = then and (then.fulfilment if is_fulfilment else then.billing)
            if reached and reached is not state:
                yield f"        {state} --> {reached}: {move}"


def _stage_with(kind: SaleKind, state: FulfilmentStatus | BillingStatus) -> Stage:
    if isinstance(state, FulfilmentStatus):
        return Stage(kind, DocumentStatus.AUTHORISED, fulfilment=state)
    return Stage(kind, DocumentStatus.AUTHORISED, billing=state)


def _where(kind: SaleKind, move: Move) -> str:
    """The states of goods and money in which an authorised sale allows this move; they are independent."""
    open_at = [
        stage
        for stage in stages(kind)
        if stage.document is DocumentStatus.AUTHORISED and after(stage, move) is not None
    ]
    goods, funds = {stage.fulfilment for stage in open_at}, {stage.billing for stage in open_at}
    assert len(open_at) == len(goods) * len(funds), f"{move} depends on goods and money together"
    sides = [
        " or ".join(_state_text(state) for state in states if state in allowed)
        for states, allowed in ((FulfilmentStatus, goods), (BillingStatus, funds))
        if len(allowed) < len(states)
    ]
    return "; ".join(sides) or "any"


def _state_text(state: FulfilmentStatus | BillingStatus) -> str:
    return state.value.replace("_", " ")


def _moves() -> Iterator[str]:
    yield "## The moves\n"
    yield "A gate is a condition that Cin7 Core checks. Gates, sections and traps are those of the platform notes.\n"
    yield "| move | call and gate | Simple: allowed at | Advanced: allowed at |\n|---|---|---|---|"
    for move in Move:
        allowed_at = [_open_at(kind, move) for kind in SaleKind]
        yield f"| {move} | {SOURCES[move]} | {allowed_at[0]} | {allowed_at[1]} |"
    yield ""


def _open_at(kind: SaleKind, move: Move) -> str:
    allowed = [
        str(document)
        for document in (DocumentStatus.HEADER, DocumentStatus.DRAFT)
        if after(Stage(kind, document), move) is not None
    ]
    if any(after(stage, move) is not None for stage in stages(kind) if stage.document is DocumentStatus.AUTHORISED):
        where = _where(kind, move)
        allowed.append("authorised" if where == "any" else f"authorised ({where})")
    return ", ".join(allowed) or "never"


def _edits() -> Iterator[str]:
    yield "## An order edited in the store\n"
    yield "What happens to the sale, by `[connections.NAME.design.edits] policy`, if sales are posted with their"
    yield "invoice. The order in the store is never written. After `hold`, the tables name the owner.\n"
    for name, changes in EDIT.items():
        yield f"Changed {name}:\n"
        yield "| the sale is | " + " | ".join(f"`{policy}`" for policy in EditPolicy) + " |"
        yield "|---|" + "---|" * len(EditPolicy)
        for label, answers in _grouped(
            lambda stage, changes=changes: tuple(_edit(changes, stage, policy) for policy in EditPolicy)
        ):
            yield f"| {label} | " + " | ".join(answers) + " |"
        yield ""


def _edit(changes: tuple[Change, ...], stage: Stage, policy: EditPolicy) -> str:
    plan = amendment(changes, stage, policy, Depth.INVOICE, NUMBER)
    return f"hold: {plan.finding.owner}" if plan.finding else str(plan.action)


def _cancellations() -> Iterator[str]:
    yield "## An order cancelled in the store\n"
    yield "By `[connections.NAME.design.edits] cancelled`.\n"
    yield "| the sale is | `void` | `hold` | exception under `void`, and what must be done |\n|---|---|---|---|"
    for label, answers in _grouped(_cancelled):
        yield f"| {label} | " + " | ".join(answers) + " |"


def _cancelled(stage: Stage) -> tuple[str, ...]:
    plans = [cancellation(stage, policy, NUMBER) for policy in (CancelPolicy.VOID, CancelPolicy.HOLD)]
    actions = [f"hold: {plan.finding.owner}" if plan.finding else str(plan.action) for plan in plans]
    finding = plans[0].finding
    return (*actions, f"`{finding.kind}`: {finding.expected}" if finding else "")


def _grouped(answer: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Stages with the same answer in one row; if all states of money have the same answer, only the goods are named."""
    assert callable(answer)
    rows: dict[tuple[str, ...], list[Stage]] = {}
    for kind in SaleKind:
        for stage in stages(kind):
            rows.setdefault(answer(stage), []).append(stage)
    for answers, grouped in rows.items():
        yield _label(grouped), answers


def _label(grouped_stages: list[Stage]) -> str:
    labels: dict[str, set[SaleKind]] = {}
    for stage in grouped_stages:
        labels.setdefault(str(stage), set()).add(stage.kind)
    for goods in FulfilmentStatus:
        all_billing = [str(Stage(SaleKind.SIMPLE, DocumentStatus.AUTHORISED, goods, funds)) for funds in BillingStatus]
        if all(labels.get(stage_name) == set(SaleKind) for stage_name in all_billing):
            for stage_name in all_billing:
                del labels[stage_name]
            labels[_state_text(goods)] = set(SaleKind)
    return "; ".join(
        label if len(kinds) == len(SaleKind) else f"{label} ({next(iter(kinds))})" for label, kinds in labels.items()
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
