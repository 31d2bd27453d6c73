"""Which faults strike, and when: rules that tests set, decided by rule, match and seed alone."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from weighbridge_twins.call import Call, Delivery, Json

REQUEST_FAULTS: Final[dict[str, str]] = {
    "throttle": "the vendor's throttle answer, not committed; `style` as the platform has them",
    "error_before": "a server error (`status`, default 500) before anything was committed",
    "error_after": "the call is committed, then a server error (`status`, default 500) hides it",
    "drop_before": "the connection is closed without an answer, nothing was committed",
    "drop_after": "the call is committed, then the connection is closed without an answer",
    "slow": "the call is committed at once, its answer takes `seconds` (wall time)",
    "slow_before": "waits `seconds` (wall time), then the call is committed: the client may have given up",
    "html_200": "an HTML page with status 200; `commit` (default true) tells whether the call took effect",
    "malformed_json": "the call is committed, the JSON of the answer is cut in the middle",
    "mutate": "the call is committed, in its answer the members at `path` are dropped (`drop`: true) or `set`",
}

HOOK_FAULTS: Final[dict[str, str]] = {
    "hook_lost": "the delivery is never made, the vendor believes it was",
    "hook_duplicate": "the delivery is made `copies` times (default 2)",
    "hook_late": "the delivery waits for `seconds` of the twin's clock",
    "hook_reorder": "each delivery waits a random part of `seconds` (default 30, twin's clock): events overtake",
    "hook_deactivated": "the vendor switches the hook off without a word; the delivery is lost",
}

SWITCH_FAULTS: Final[dict[str, str]] = {
    "delayed_visibility": "what was just written is missing from lists for `value` seconds (default 30)",
    "page_drift": "`value` rows (default 1) vanish between two pages while a client pages",
}

FAULTS: Final[dict[str, str]] = {**REQUEST_FAULTS, **HOOK_FAULTS, **SWITCH_FAULTS}

_ENDS_BEFORE = ("throttle", "error_before", "drop_before")
_REGEX_SIGNS = set("^$*+?[](){}|\\")


@dataclass
class FaultRule:
    """One rule: which fault, on which calls or deliveries, how often."""

    id: int
    fault: str
    method: str | None
    path: re.Pattern[str] | None
    contains: str | None
    """Text that the request body or the delivery must contain."""
    times: int | None
    skip: int
    """Matches that pass unharmed before the rule strikes for the first time."""
    probability: float
    parameters: dict[str, Any]
    given: Json
    rng: random.Random = field(repr=False)
    matched: int = 0
    fired: int = 0

    def strikes(self, method: str, paths: Iterable[str], body: bytes) -> bool:
        """Counts a match and decides whether the rule strikes it."""
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
        """The rule as it was given, with its number and its counters."""
        return {**self.given, "id": self.id, "matched": self.matched, "fired": self.fired}


class FaultBook:
    """The fault rules of one twin; the same rules and calls give the same faults."""

    def __init__(self, seed: int = 1, api_prefix: str = "") -> None:
        self._seed = seed
        self._prefix = api_prefix.casefold()
        self._numbers = count(1)
        self.rules: list[FaultRule] = []

    def add(self, given: Json) -> FaultRule:
        """Takes a rule as POST /_twin/faults writes it. Raises ValueError that names the wrong member."""
        rule = self._read(given)
        self.rules.append(rule)
        return rule

    def remove(self, rule_id: int | None = None) -> list[FaultRule]:
        """Takes back one rule or all of them; answers those removed."""
        gone = [rule for rule in self.rules if rule_id is None or rule.id == rule_id]
        self.rules = [rule for rule in self.rules if rule not in gone]
        return gone

    def strike(self, call: Call) -> list[FaultRule]:
        """The rules that strike this call, in the order in which they were set."""
        if not self.rules:
            return []
        path = call.path.casefold()
        paths = (path, path.removeprefix(self._prefix)) if self._prefix else (path,)
        return [r for r in self.rules if r.fault in REQUEST_FAULTS and r.strikes(call.method, paths, call.raw)]

    def strike_delivery(self, delivery: Delivery) -> list[FaultRule]:
        """The rules that strike this webhook delivery."""
        if not self.rules:
            return []
        paths = (delivery.url.casefold(),)
        return [r for r in self.rules if r.fault in HOOK_FAULTS and r.strikes("POST", paths, delivery.raw)]

    def _read(self, given: Json) -> FaultRule:
        if not isinstance(given, dict):
            raise ValueError("a fault rule is a JSON object")
        fault = given.get("fault")
        if fault not in FAULTS:
            raise ValueError(f"fault: {fault!r} is unknown; known are {', '.join(FAULTS)}")
        match = given.get("match") or {}
        if not isinstance(match, dict) or set(match) - {"method", "path", "contains"}:
            raise ValueError(f"match: an object of method, path and contains is needed, not {match!r}")
        number = next(self._numbers)
        seed = given.get("seed", f"{self._seed}/{number}")
        probability = float(given.get("probability", 1.0))
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"probability: {probability} is not between 0 and 1")
        times = given.get("times")
        if times is not None and (not isinstance(times, int) or times < 0):
            raise ValueError(f"times: {times!r} is neither a count nor null")
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
    """A path with regex signs is a regex (searched), any other the beginning of a path or URL; case never counts."""
    try:
        return re.compile(path if _REGEX_SIGNS & set(path) else "^" + re.escape(path.casefold()), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"match.path: {path!r} is no regex: {error}") from None


def ending_before(rules: Sequence[FaultRule]) -> FaultRule | None:
    """The first rule that ends the call before it takes effect."""
    for rule in rules:
        if rule.fault in _ENDS_BEFORE or (rule.fault == "html_200" and not rule.parameters.get("commit", True)):
            return rule
    return None


def mutated(body: Json, rule: FaultRule) -> Json:
    """A copy of an answer's body with the members at the rule's `path` dropped or set.

    The path is written with dots, numbers for list places and `*` for every place: `data.*.id`.
    """
    changed = copy.deepcopy(body)
    *way, last = str(rule.parameters.get("path", "")).split(".")
    places = [changed]
    for step in way:
        places = [inner for place in places for inner in _inside(place, step)]
    for place in places:
        _change(place, last, rule.parameters)
    return changed


def _inside(place: Json, step: str) -> list[Json]:
    if isinstance(place, dict):
        return list(place.values()) if step == "*" else [place[step]] if step in place else []
    if isinstance(place, list):
        if step == "*":
            return list(place)
        return [place[int(step)]] if step.isdigit() and int(step) < len(place) else []
    return []


def _change(place: Json, last: str, parameters: dict[str, Any]) -> None:
    keys: list[Any] = []
    if isinstance(place, dict):
        keys = list(place) if last == "*" else [last]
    elif isinstance(place, list):
        keys = [number for number in range(len(place)) if last in ("*", str(number))]
    for key in reversed(keys):
        if "set" in parameters:
            place[key] = parameters["set"]
        elif isinstance(place, list) or key in place:
            del place[key]
