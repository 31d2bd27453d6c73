"""Prints the modules that one order executes, from its webhook to its linked sale: `python -m tools.walk [--check]`.

The product runs between the twins; only what the webhook's request and the order's job execute is counted, no
background work. `--check` fails when the order leaves its areas, runs through more modules than the limits allow, or
when a frame between the job and a platform client has no parameter that carries the order's id.
"""

from __future__ import annotations

import contextvars
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests.flows.harness import ORDERS, Harness, harness

from weighbridge.domain.job_types import Flow

MOST_OF_THE_BUSINESS, MOST_OF_THE_MACHINERY = 26, 30
BUSINESS = ("domain", "flows")
MACHINERY = ("jobs", "persistence", "platforms", "web", "common")
AREAS_OF_AN_ORDER = frozenset({"orders", "customers", "findings", "values", "reference_data", "exceptions", ""})
"""Areas of domain and flows that an order may run through; "" are modules that every area shares."""
RECEIVER, JOB, CLIENTS = "from_bigcommerce", "_failures_after", ("bigcommerce.client", "cin7.client")
BACKGROUND_TASKS = {
    "platforms.budget": ("_run_grant_loop", "_store_ends"),
    "platforms.budget_transactions": ("store_ends", "can_store_ends"),
    "persistence.repositories.http_log": ("_store_pending",),
}
"""Tasks that serve all jobs: the API budget grants their calls, and the HTTP log stores their exchanges."""
SOURCE = Path(__file__).parents[1] / "src"
_is_traced: contextvars.ContextVar[bool] = contextvars.ContextVar("is_traced", default=False)


class Walk:
    """What the profiler saw of one order."""

    def __init__(self) -> None:
        self.order_id = ""
        self.modules: set[str] = set()
        self.frames_without_order: set[str] = set()
        self.calls = 0
        """Calls of a platform client that were followed back to the job."""

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        module = _module_of(frame)
        if not module:
            return
        name = frame.f_code.co_name
        if name == RECEIVER:
            _is_traced.set(True)
        elif name == JOB and (job := frame.f_locals.get("job")) is not None and job.flow == Flow.ORDERS:
            self.order_id = job.key
            _is_traced.set(True)
        if not _is_traced.get() or _is_background(frame):
            return
        self.modules.add(module)
        if module.startswith("platforms.") and module.removeprefix("platforms.") in CLIENTS:
            self._follow_back(frame)

    def _follow_back(self, frame: FrameType) -> None:
        """Looks at every frame of ours between a client's method and the job."""
        self.calls += 1
        for caller in _callers(frame):
            if caller.f_code.co_name == JOB:
                return
            module = _module_of(caller)
            if module and not module.startswith("platforms.") and not self._carries_order(caller):
                self.frames_without_order.add(f"{module}.{caller.f_code.co_qualname}")

    def _carries_order(self, frame: FrameType) -> bool:
        return any(_holds(value, self.order_id) for value in _values(frame))


def walk(folder: Path) -> Walk:
    """Places one order at the BigCommerce twin and follows it until its sale is linked."""
    seen = Walk()
    with harness(folder) as trial:
        trial.run(*ORDERS)

        placed: list[int] = []
        sys.setprofile(seen)
        try:
            trial.listen(lambda trial: placed.append(trial.place()), lambda trial: _is_linked(trial, placed))
        finally:
            sys.setprofile(None)
    return seen


def problems(seen: Walk) -> Iterator[str]:
    """Everything that breaks a limit, in words."""
    business = [module for module in seen.modules if module.startswith(BUSINESS)]
    machinery = sum(module.startswith(MACHINERY) for module in seen.modules)
    if len(business) > MOST_OF_THE_BUSINESS:
        yield f"{len(business)} modules of domain and flows; at most {MOST_OF_THE_BUSINESS}"
    if machinery > MOST_OF_THE_MACHINERY:
        yield f"{machinery} other modules; at most {MOST_OF_THE_MACHINERY}"
    for module in sorted(business):
        _layer, *rest = module.split(".")
        area = rest[0] if len(rest) > 1 else ""
        if area not in AREAS_OF_AN_ORDER:
            yield f"{module} is outside the areas of an order"
    for frame in sorted(seen.frames_without_order):
        yield f"{frame} has no parameter that carries the order's id"
    if not seen.calls:
        yield "no call of a platform client was seen"


def main(arguments: list[str]) -> int:
    """Prints the walk; answers the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        seen = walk(Path(folder))
    packages: dict[str, list[str]] = {}
    for module in sorted(seen.modules):
        packages.setdefault(module.split(".")[0], []).append(module)
    for package, modules in packages.items():
        print(f"{package}: {len(modules)}")
        print("".join(f"    {module}\n" for module in modules), end="")
    business = sum(len(modules) for package, modules in packages.items() if package in BUSINESS)
    machinery = sum(len(modules) for package, modules in packages.items() if package in MACHINERY)
    print(f"{business} modules of domain and flows, {machinery} of {', '.join(MACHINERY)}; {seen.calls} client calls")
    broken = list(problems(seen))
    for problem in broken:
        print(problem)
    return 1 if broken and "--check" in arguments else 0


def _is_linked(trial: Harness, placed: list[int]) -> bool:
    return bool(placed and trial.order(placed[0]).get("external_order_id"))


def _module_of(frame: FrameType) -> str:
    """The module of a frame below weighbridge, such as "flows.orders.flow"; empty for any other, and for constructors
    that `dataclass` generated: no file has them."""
    name = str(frame.f_globals.get("__name__", ""))
    if not frame.f_code.co_filename.endswith(".py"):
        return ""
    return name.removeprefix("weighbridge.") if name.startswith("weighbridge.") else ""


def _is_background(frame: FrameType) -> bool:
    """Whether a frame belongs to a task that serves all jobs: it was started by this one, and works for every one."""
    return any(
        caller.f_code.co_name in BACKGROUND_TASKS.get(_module_of(caller), ()) for caller in (frame, *_callers(frame))
    )


def _callers(frame: FrameType) -> Iterator[FrameType]:
    caller = frame.f_back
    while caller is not None:
        yield caller
        caller = caller.f_back


def _values(frame: FrameType) -> list[Any]:
    """The arguments that a frame was called with, as they are now."""
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [frame.f_locals[name] for name in names if name in frame.f_locals]


def _holds(value: Any, order_id: str) -> bool:
    """Whether a value is the order's id, or an object that holds it: an order, a transfer, an intent."""
    if isinstance(value, str | int):
        return order_id in str(value).split(":")
    held = getattr(value, "_transfer", value)
    fields = ("id", "key", "order_id", "external_id", "customer_reference")
    return any(order_id in str(getattr(held, field, "")).split(":") for field in fields)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
