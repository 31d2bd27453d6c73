"""Fault rules that tests set. Rule, matching calls and seed alone decide when a fault fires."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from weighbridge_twins.http.call import Call, Delivery, Json

REQUEST_FAULTS: Final[dict[str, str]] = {
    "throttle": "the call is not committed and gets the vendor's throttle answer; `style` selects its form",
    "error_before": "the call is not committed and gets a server error (`status`, default 500)",
    "error_after": "the call is committed, but the answer is a server error (`status`, default 500)",
    "drop_before": "the call is not committed; the connection is closed without an answer",
    "drop_after": "the call is committed; the connection is closed without an answer",
    "slow": "the call is committed at once; the answer takes `seconds` (wall time)",
    "slow_before": "the call is committed after `seconds` (wall time), when the client may have given up",
    "html_200": "the answer is an HTML page with status 200; the call is committed unless `commit` is false",
    "malformed_json": "the call is committed; the JSON of the answer is cut in the middle",
    "mutate": "the call is committed; the members of the answer at `path` are dropped (`drop`: true) or `set`",
}

WEBHOOK_FAULTS: Final[dict[str, str]] = {
    "webhook_lost": "the delivery is never made, but the vendor counts it as made",
    "webhook_duplicate": "the delivery is made `copies` times (default 2)",
    "webhook_late": "the delivery is delayed by `seconds` (default 60) of the twin's clock",
    "webhook_reorder": "each delivery is delayed by up to `seconds` (default 30, twin's clock), so the order changes",
    "webhook_deactivated": "the vendor silently deactivates the webhook; the delivery is lost",
}

SWITCH_FAULTS: Final[dict[str, str]] = {
    "delayed_visibility": "a new or changed object is missing from lists for `value` seconds (default 30)",
    "page_drift": "`value` rows (default 1) vanish between two pages of a list",
}

FAULTS: Final[dict[str, str]] = {**REQUEST_FAULTS, **WEBHOOK_FAULTS, **SWITCH_FAULTS}

_ENDS_BEFORE = ("throttle", "error_before", "drop_before")
_REGEX_SIGNS = set("^$*+?[](){}|\\")


@dataclass
class FaultRule:
    """One rule: a fault, the calls or deliveries that it matches, and how often it fires."""

    id: int
    fault: str
    method: str | None
    path: re.Pattern[str] | None
    contains: str | None
    """Text that the request body or the delivery must contain."""
    times: int | None
    skip: int
    """Number of matches that pass before the rule fires for the first time."""
    probability: float
    parameters: dict[str, Any]
    given: Json
    rng: random.Random = field(repr=False)
    matched: int = 0
    fired: int = 0

    def fires(self, method: str, paths: Iterable[str], body: bytes) -> bool:
        """Counts a match and decides whether the rule fires."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.method is not None and self.method != method:
            return False
        if self.path is not None and not any(self.path.search(path) for path in paths):
            return False
        if self.contains is not None and self.contains.encode() not in body:
            return False
        self.matched += 1
        if self.matched <= self.skip:
            return False
        if self.probability < 1.0 and self.rng.random() >= self.probability:
            return False
        self.fired += 1
        return True

    def as_json(self) -> Json:
        """Returns the rule as it was given, with its id and counters."""
        return {**self.given, "id": self.id, "matched": self.matched, "fired": self.fired}


class FaultInjector:
    """The fault rules of one twin; the same rules, seed and calls give the same faults."""

    def __init__(self, seed: int = 1, api_prefix: str = "") -> None:
        self._seed = seed
        self._prefix = api_prefix.casefold()
        self._numbers = count(1)
        self.rules: list[FaultRule] = []

    def add(self, given: Json) -> FaultRule:
        """Adds a rule in the form of POST /_twin/faults. Raises ValueError that names the invalid member."""
        rule = self._read(given)
        self.rules.append(rule)
        return rule

    def remove(self, rule_id: int | None = None) -> list[FaultRule]:
        """Removes one rule or all; returns the removed rules."""
        removed = [rule for rule in self.rules if rule_id is None or rule.id == rule_id]
        self.rules = [rule for rule in self.rules if rule not in removed]
        return removed

    def fire(self, call: Call) -> list[FaultRule]:
        """Returns the rules that fire on this call, in the order in which they were added."""
        if not self.rules:
            return []
        path = call.path.casefold()
        paths = (path, path.removeprefix(self._prefix)) if self._prefix else (path,)
        return [r for r in self.rules if r.fault in REQUEST_FAULTS and r.fires(call.method, paths, call.raw)]

    def fire_for_delivery(self, delivery: Delivery) -> list[FaultRule]:
        """Returns the rules that fire on this webhook delivery."""
        if not self.rules:
            return []
        paths = (delivery.url.casefold(),)
        return [r for r in self.rules if r.fault in WEBHOOK_FAULTS and r.fires("POST", paths, delivery.raw)]

    def _read(self, given: Json) -> FaultRule:
        if not isinstance(given, dict):
            raise ValueError("fault rule: expected a JSON object")
        fault = given.get("fault")
        if fault not in FAULTS:
            raise ValueError(f"fault: {fault!r} is unknown; expected one of {', '.join(FAULTS)}")
        match = given.get("match") or {}
        if not isinstance(match, dict) or set(match) - {"method", "path", "contains"}:
            raise ValueError(f"match: expected an object with method, path and contains, not {match!r}")
        number = next(self._numbers)
        seed = given.get("seed", f"{self._seed}/{number}")
        probability = float(given.get("probability", 1.0))
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"probability: expected a number between 0 and 1, not {probability}")
        times = given.get("times")
        if times is not None and (not isinstance(times, int) or times < 0):
            raise ValueError(f"times: expected a count or null, not {times!r}")
        method = match.get("method")
        own = ("fault", "match", "times", "skip", "probability", "seed", "id")
        return FaultRule(
            id=number,
            fault=fault,
            method=method.upper() if method else None,
            path=_pattern(match["path"]) if match.get("path") else None,
            contains=match.get("contains"),
            times=times,
            skip=int(given.get("skip", 0)),
            probability=probability,
            parameters={name: value for name, value in given.items() if name not in own},
            given=given,
            rng=random.Random(str(seed)),
        )


def _pattern(path: str) -> re.Pattern[str]:
    """Compiles a path: with regex signs a regex to search for, otherwise a prefix of path or URL; case is ignored."""
    try:
        return re.compile(path if _REGEX_SIGNS & set(path) else "^" + re.escape(path.casefold()), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"match.path: {path!r} is not a valid regex: {error}") from None


def ending_before(rules: Sequence[FaultRule]) -> FaultRule | None:
    """Returns the first rule that ends the call before it is committed."""
    for rule in rules:
        if rule.fault in _ENDS_BEFORE or (rule.fault == "html_200" and not rule.parameters.get("commit", True)):
            return rule
    return None


def mutated(body: Json, rule: FaultRule) -> Json:
    """Returns a copy of an answer's body in which the members at the rule's `path` are dropped or set.

    The path separates its steps by dots; a number is a list index and `*` is every member: `data.*.id`.
    """
    changed = copy.deepcopy(body)
    *steps, last = str(rule.parameters.get("path", "")).split(".")
    nodes = [changed]
    for step in steps:
        nodes = [inner for node in nodes for inner in _children(node, step)]
    for node in nodes:
        _change(node, last, rule.parameters)
    return changed


def _children(node: Json, step: str) -> list[Json]:
    if isinstance(node, dict):
        return list(node.values()) if step == "*" else [node[step]] if step in node else []
    if isinstance(node, list):
        if step == "*":
            return list(node)
        return [node[int(step)]] if step.isdigit() and int(step) < len(node) else []
    return []


def _change(node: Json, last: str, parameters: dict[str, Any]) -> None:
    keys: list[Any] = []
    if isinstance(node, dict):
        keys = list(node) if last == "*" else [last]
    elif isinstance(node, list):
        keys = [number for number in range(len(node)) if last in ("*", str(number))]
    for key in reversed(keys):
        if "set" in parameters:
            node[key] = parameters["set"]
        elif isinstance(node, list) or key in node:
            del node[key]
