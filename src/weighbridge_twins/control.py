"""The control surface under /_twin/: what a test may see and change of a twin, never reachable as vendor API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from weighbridge_twins.call import Answer, Call, Json, MalformedBody, Platform
from weighbridge_twins.calls_log import CallsLog
from weighbridge_twins.faults import FAULTS, SWITCH_FAULTS, FaultBook, FaultRule
from weighbridge_twins.state_file import Baseline
from weighbridge_twins.world_clock import MovableClock

_SWITCH_SIGNS: Final[Mapping[str, tuple[str, int]]] = {
    "delayed_visibility": ("visibility", 30),
    "page_drift": ("drift", 1),
}
"""By fault: what the name of the platform's switch contains, and the reading without a `value`."""


class WorldControl(Protocol):
    """The simulated people, as the control surface steers them."""

    def start(self, options: Json) -> Json:
        """Begins; raises ValueError on options it does not have."""
        ...

    def stop(self) -> Json:
        """Sends everybody home."""
        ...

    def status(self) -> Json:
        """Counts of what people did."""
        ...


class Control:
    """Answers /_twin/ for one twin.

    Errors: 404 for an unknown page, act or rule, 405 for a wrong verb, 400 with the wrong member's name, 422 when
    the platform refuses an act.
    """

    def __init__(
        self,
        platform: Platform,
        clock: MovableClock,
        faults: FaultBook,
        log: CallsLog,
        world: WorldControl | None = None,
    ) -> None:
        self.platform = platform
        self.clock = clock
        self.faults = faults
        self.log = log
        self.world = world
        self._baseline = Baseline(platform)
        self._switches_before: dict[int, dict[str, Any]] = {}
        self._pages: Mapping[tuple[str, str], Callable[[Call], Json]] = {
            ("GET", "state"): lambda call: self.platform.dump(),
            ("PUT", "state"): self._restore,
            ("POST", "reset"): self._reset,
            ("GET", "faults"): lambda call: [rule.as_json() for rule in self.faults.rules],
            ("POST", "faults"): lambda call: self.add_fault(_object(call)).as_json(),
            ("DELETE", "faults"): self._drop_faults,
            ("GET", "clock"): lambda call: self._clock_now(),
            ("PUT", "clock"): self._move_clock,
            ("GET", "quota"): lambda call: self.platform.quota(),
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): self._forget_calls,
            ("GET", "switches"): lambda call: dict(self.platform.switches),
            ("PUT", "switches"): lambda call: self.set_switches(_object(call)),
            ("GET", "world"): lambda call: self._people().status(),
            ("POST", "world"): self._steer_world,
        }

    async def __call__(self, call: Call) -> Answer:
        """Answers one control call."""
        page = call.path.removeprefix("/_twin/").strip("/")
        name, _, rest = page.partition("/")
        try:
            if name == "act":
                if call.method != "POST":
                    return _refusal(405, "an act is a POST")
                return Answer(200, self.act(rest, call.body))
            handler = self._pages.get((call.method, name))
            if handler is not None and (not rest or name == "faults"):
                return Answer(200, handler(call))
        except UnknownAct as error:
            return _refusal(404, str(error))
        except RefusedAct as error:
            return _refusal(422, str(error))
        except (ValueError, MalformedBody) as error:
            return _refusal(400, str(error))
        if any(known == name for _, known in self._pages):
            return _refusal(405, f"{call.method} is not for /_twin/{name}")
        return _refusal(
            404, f"/_twin/{page} is unknown; known are act/NAME, " + ", ".join(sorted({n for _, n in self._pages}))
        )

    def act(self, name: str, arguments: Json) -> Json:
        """What people do beside the API. Raises UnknownAct, RefusedAct."""
        try:
            return self.platform.act(name, {} if arguments is None else arguments)
        except KeyError as error:
            raise UnknownAct(f"act {name}: unknown act, argument or object {error}") from error
        except (ValueError, TypeError, ArithmeticError) as error:
            raise RefusedAct(f"act {name}: {error}") from error

    def add_fault(self, given: Json) -> FaultRule:
        """Sets a fault rule; the kinds that are a platform's switch turn it at once. Raises ValueError."""
        fault = given.get("fault")
        if fault in SWITCH_FAULTS:
            wanted = self._switches_of(str(fault), given)
            rule = self.faults.add(given)
            self._switches_before[rule.id] = {name: self.platform.switches[name] for name in wanted}
            self.set_switches(wanted)
            return rule
        return self.faults.add(given)

    def set_switches(self, wanted: Mapping[str, Any]) -> Json:
        """Turns switches; answers all of them. Raises ValueError on a name the platform does not have."""
        unknown = set(wanted) - set(self.platform.switches)
        if unknown:
            known = ", ".join(sorted(self.platform.switches))
            raise ValueError(f"switch {', '.join(sorted(unknown))}: unknown; {self.platform.name} has {known}")
        self.platform.switches.update(wanted)
        return dict(self.platform.switches)

    def clear_faults(self, rule_id: int | None = None) -> int:
        """Takes back one rule or all, with the switches they turned; answers how many."""
        gone = self.faults.remove(rule_id)
        for rule in gone:
            self.platform.switches.update(self._switches_before.pop(rule.id, {}))
        return len(gone)

    def _switches_of(self, fault: str, given: Json) -> dict[str, Any]:
        if isinstance(given.get("switches"), dict):
            return dict(given["switches"])
        sign, ordinary = _SWITCH_SIGNS[fault]
        named = [name for name in self.platform.switches if sign in name]
        if len(named) != 1:
            raise ValueError(f'{fault}: say which switches of {self.platform.name}, as "switches": {{name: reading}}')
        return {named[0]: given.get("value", ordinary)}

    def _restore(self, call: Call) -> Json:
        self.platform.restore(_object(call))
        return {"restored": True}

    def _reset(self, call: Call) -> Json:
        if self.world is not None:
            self.world.stop()
        self.clear_faults()
        self._baseline.put_back(self.platform)
        self.log.clear()
        return {"reset": True}

    def _drop_faults(self, call: Call) -> Json:
        _, _, number = call.path.removeprefix("/_twin/").strip("/").partition("/")
        if number and not number.isdigit():
            raise ValueError(f"faults/{number}: a rule has a number")
        return {"removed": self.clear_faults(int(number) if number else None)}

    def _clock_now(self) -> Json:
        scaled = self.clock.scaled
        return {"now": self.clock.now().isoformat(), "speed": scaled.speed, "clock": str(scaled)}

    def _move_clock(self, call: Call) -> Json:
        wanted = _object(call)
        if unknown := set(wanted) - {"now", "speed"}:
            raise ValueError(f"a clock has now and speed, not {', '.join(sorted(unknown))}")
        now = datetime.fromisoformat(wanted["now"]) if "now" in wanted else None
        if now is not None and now.tzinfo is None:
            raise ValueError("now: a time with its zone is needed, such as 2026-11-20T08:00:00+00:00")
        self.clock.set(now=now, speed=float(wanted["speed"]) if "speed" in wanted else None)
        return self._clock_now()

    def _calls(self, call: Call) -> Json:
        rows = self.log.since(int(call.query.get("since", "0")), call.query.get("path", ""))
        return {"last": self.log.last, "calls": [row.as_json() for row in rows]}

    def _forget_calls(self, call: Call) -> Json:
        self.log.clear()
        return {"last": self.log.last}

    def _people(self) -> WorldControl:
        if self.world is None:
            raise ValueError("this twin runs without a world")
        return self.world

    def _steer_world(self, call: Call) -> Json:
        wanted = dict(_object(call))
        action = wanted.pop("action", "start")
        if action not in ("start", "status", "stop"):
            raise ValueError(f"action: {action!r} is none of start, status, stop")
        people = self._people()
        if action == "start":
            return people.start(wanted)
        return people.stop() if action == "stop" else people.status()


class UnknownAct(Exception):
    """The platform has no such act, or the act names an object that does not exist."""


class RefusedAct(Exception):
    """The platform's rules do not allow the act."""


def _object(call: Call) -> dict[str, Any]:
    body = call.body
    if not isinstance(body, dict):
        raise ValueError("a JSON object is needed")
    return body


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status, {"error": reason, "faults": sorted(FAULTS)} if "fault:" in reason else {"error": reason})
