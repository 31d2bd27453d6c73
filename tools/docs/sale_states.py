"""docs/sale-states.md, drawn from the functions that the flows ask: `python -m tools.docs.sale_states FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from weighbridge.domain.orders.amendment import Change, Part, amendment
from weighbridge.domain.orders.cancellation import cancellation
from weighbridge.domain.orders.sale_policy import CancelPolicy, Depth, EditPolicy
from weighbridge.domain.orders.sale_stage import (
    FUNDS_MOVES,
    GOODS_MOVES,
    SOURCES,
    Funds,
    Goods,
    Move,
    Paper,
    SaleKind,
    Stage,
    after,
    stages,
)

INTRODUCTION = """# The states of a sale

What a sale in Cin7 Core can be, and what moves it on. This page is drawn from `domain/sale_stage.py`, `amendment.py`
and `cancellation.py`, the functions that the flows ask before they undo, void or bill; a test drives the twin of Cin7
Core through every move drawn here, and through every move not drawn, which must be refused. To draw it anew:

    python -m tools.docs.sale_states docs/sale-states.md

An order document that is authorised holds stock. From then on goods and money move on their own, side by side, and
each move asks only for its own side, with two exceptions: undoing and voiding ask for both. Moves that lead back to
where they began (a further payment, a changed header) are in the table of moves alone.
"""
BOTH_SIDES = (Move.UNDO, Move.VOID)
EDIT = {
    "lines, prices or charges": (Change(Part.LINES, ""),),
    "shipping address or contact": (Change(Part.SHIPPING_ADDRESS, ""),),
}
NUMBER = "the sale"


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for kind in SaleKind:
        parts += [f"## {kind} sale\n", *_diagram(kind), ""]
    return "\n".join([*parts, *_moves(), *_edits(), *_cancellations()]) + "\n"


def _diagram(kind: SaleKind) -> Iterator[str]:
    start = Stage(kind, Paper.AUTHORISED)
    yield "```mermaid\nstateDiagram-v2"
    yield "    [*] --> header: POST /sale"
    for paper in (Paper.HEADER, Paper.DRAFT):
        for move in Move:
            then = after(Stage(kind, paper), move)
            if then is not None and then.paper is not paper:
                yield f"    {paper} --> {then.paper}: {move}"
    for move in BOTH_SIDES:
        then = after(start, move)
        if then is not None:
            yield f"    authorised --> {then.paper}: {move} [{_where(kind, move)}]"
    yield "    state authorised {"
    yield from _side(kind, GOODS_MOVES)
    yield "        --"
    yield from _side(kind, FUNDS_MOVES)
    yield "    }\n    voided --> [*]\n```"


def _side(kind: SaleKind, moves: dict[Move, dict[Goods, Goods]] | dict[Move, dict[Funds, Funds]]) -> Iterator[str]:
    """One region of the authorised sale: the moves of one side, the other side standing still."""
    of_goods = moves is GOODS_MOVES
    yield f"        [*] --> {Goods.WAITING if of_goods else Funds.UNBILLED}"
    for move in moves:
        for state in Goods if of_goods else Funds:
            stage = _at(kind, state)
            then = after(stage, move)
            reached = then and (then.goods if of_goods else then.funds)
            if reached and reached is not state:
                yield f"        {state} --> {reached}: {move}"


def _at(kind: SaleKind, state: Goods | Funds) -> Stage:
    if isinstance(state, Goods):
        return Stage(kind, Paper.AUTHORISED, goods=state)
    return Stage(kind, Paper.AUTHORISED, funds=state)


def _where(kind: SaleKind, move: Move) -> str:
    """The goods and the funds at which an authorised sale takes this move; they are independent of each other."""
    open_at = [stage for stage in stages(kind) if stage.paper is Paper.AUTHORISED and after(stage, move) is not None]
    goods, funds = {stage.goods for stage in open_at}, {stage.funds for stage in open_at}
    assert len(open_at) == len(goods) * len(funds), f"{move} asks for goods and money together"
    sides = [
        " or ".join(_words(one) for one in of if one in found)
        for of, found in ((Goods, goods), (Funds, funds))
        if len(found) < len(of)
    ]
    return "; ".join(sides) or "any"


def _words(state: Goods | Funds) -> str:
    return state.value.replace("_", " ")


def _moves() -> Iterator[str]:
    yield "## The moves\n"
    yield "Sections, gates and traps are those of the platform notes on Cin7 Core.\n"
    yield "| move | call and gate | Simple: open at | Advanced: open at |\n|---|---|---|---|"
    for move in Move:
        places = [_open_at(kind, move) for kind in SaleKind]
        yield f"| {move} | {SOURCES[move]} | {places[0]} | {places[1]} |"
    yield ""


def _open_at(kind: SaleKind, move: Move) -> str:
    papers = [str(paper) for paper in (Paper.HEADER, Paper.DRAFT) if after(Stage(kind, paper), move) is not None]
    if any(after(stage, move) is not None for stage in stages(kind) if stage.paper is Paper.AUTHORISED):
        where = _where(kind, move)
        papers.append("authorised" if where == "any" else f"authorised ({where})")
    return ", ".join(papers) or "never"


def _edits() -> Iterator[str]:
    yield "## An order edited at the shop\n"
    yield "What becomes of the sale, by `[connections.NAME.design.edits] policy`, where sales are posted with their"
    yield "invoice. The order at the shop is never written. `hold` in this table names who acts.\n"
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
    return f"hold: {plan.finding.owner}" if plan.finding else str(plan.way)


def _cancellations() -> Iterator[str]:
    yield "## An order cancelled at the shop\n"
    yield "By `[connections.NAME.design.edits] cancelled`.\n"
    yield "| the sale is | `void` | `hold` | who waits for what under `void` |\n|---|---|---|---|"
    for label, answers in _grouped(_cancelled):
        yield f"| {label} | " + " | ".join(answers) + " |"


def _cancelled(stage: Stage) -> tuple[str, ...]:
    plans = [cancellation(stage, policy, NUMBER) for policy in (CancelPolicy.VOID, CancelPolicy.HOLD)]
    told = [f"hold: {plan.finding.owner}" if plan.finding else str(plan.ending) for plan in plans]
    finding = plans[0].finding
    return (*told, f"`{finding.kind}`: {finding.expected}" if finding else "")


def _grouped(answer: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Stages with the same answer in one row; where every state of the money gives it, the goods alone are named."""
    assert callable(answer)
    rows: dict[tuple[str, ...], list[Stage]] = {}
    for kind in SaleKind:
        for stage in stages(kind):
            rows.setdefault(answer(stage), []).append(stage)
    for answers, found in rows.items():
        yield _label(found), answers


def _label(found: list[Stage]) -> str:
    labels: dict[str, set[SaleKind]] = {}
    for stage in found:
        labels.setdefault(str(stage), set()).add(stage.kind)
    for goods in Goods:
        every = [str(Stage(SaleKind.SIMPLE, Paper.AUTHORISED, goods, funds)) for funds in Funds]
        if all(labels.get(one) == set(SaleKind) for one in every):
            for one in every:
                del labels[one]
            labels[_words(goods)] = set(SaleKind)
    return "; ".join(
        label if len(kinds) == len(SaleKind) else f"{label} ({next(iter(kinds))})" for label, kinds in labels.items()
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
