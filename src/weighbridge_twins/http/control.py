"""The control surface under /_twin/, with which a test inspects and changes a twin; no vendor path starts with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from weighbridge_twins.faults import FAULTS, SWITCH_FAULTS, FaultInjector, FaultRule
from weighbridge_twins.http.call import Answer, Call, Json, MalformedBody, Platform
from weighbridge_twins.http.calls_log import CallsLog
from weighbridge_twins.http.state_file import Baseline
from weighbridge_twins.world.clock import MovableClock

_SWITCH_SIGNS: Final[Mapping[str, tuple[str, int]]] = {
    "delayed_visibility": ("visibility", 30),
    "page_drift": ("drift", 1),
}
"""By fault: a part of the name of the platform's switch, and the reading when the rule has no `value`."""


class WorldControl(Protocol):
    """The operations of the control surface on the simulated world."""

    def start(self, options: Json) -> Json:
        """Starts the world. Raises ValueError for unknown options."""
        ...

    def stop(self) -> Json:
        """Stops the world."""
        ...

    def status(self) -> Json:
        """Returns counts of what the simulated people did."""
        ...


class Control:
    """Answers the calls under /_twin/ for one twin.

    Errors: 404 for an unknown page, user action or rule, 405 for a wrong method, 400 with the name of the invalid
    member, 422 when the platform refuses a user action.
    """

    def __init__(
        self,
        platform: Platform,
        clock: MovableClock,
        faults: FaultInjector,
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
            ("GET", "world"): lambda call: self._require_world().status(),
            ("POST", "world"): self._steer_world,
        }

    async def __call__(self, call: Call) -> Answer:
        """Answers one control call."""
        page = call.path.removeprefix("/_twin/").strip("/")
        name, _, rest = page.partition("/")
        try:
            if name == "act":
                if call.method != "POST":
                    return _refusal(405, "method: a user action is a POST")
                return Answer(200, self.act(rest, call.body))
            handler = self._pages.get((call.method, name))
            if handler is not None and (not rest or name == "faults"):
                return Answer(200, handler(call))
        except UnknownAction as error:
            return _refusal(404, str(error))
        except RefusedAction as error:
            return _refusal(422, str(error))
        except (ValueError, MalformedBody) as error:
            return _refusal(400, str(error))
        if any(known == name for _, known in self._pages):
            return _refusal(405, f"method: /_twin/{name} does not accept {call.method}")
        return _refusal(
            404, f"/_twin/{page}: unknown page; expected act/NAME, " + ", ".join(sorted({n for _, n in self._pages}))
        )

    def act(self, name: str, arguments: Json) -> Json:
        """Carries out a user action. Raises UnknownAction, RefusedAction."""
        try:
            return self.platform.act(name, {} if arguments is None else arguments)
        except KeyError as error:
            raise UnknownAction(f"act {name}: unknown action, argument or object {error}") from error
        except (ValueError, TypeError, ArithmeticError) as error:
            raise RefusedAction(f"act {name}: {error}") from error

    def add_fault(self, given: Json) -> FaultRule:
        """Adds a fault rule; a fault that works by a switch of the platform sets that switch now. Raises ValueError."""
        fault = given.get("fault")
        if fault in SWITCH_FAULTS:
            readings = self._switches_of(str(fault), given)
            rule = self.faults.add(given)
            self._switches_before[rule.id] = {name: self.platform.switches[name] for name in readings}
            self.set_switches(readings)
            return rule
        return self.faults.add(given)

    def set_switches(self, readings: Mapping[str, Any]) -> Json:
        """Sets switches and returns all of them. Raises ValueError for an unknown name."""
        unknown = set(readings) - set(self.platform.switches)
        if unknown:
            known = ", ".join(sorted(self.platform.switches))
            raise ValueError(f"switch {', '.join(sorted(unknown))}: unknown; {self.platform.name} has {known}")
        self.platform.switches.update(readings)
        return dict(self.platform.switches)

    def clear_faults(self, rule_id: int | None = None) -> int:
        """Removes one rule or all, and restores the switches they set; returns the number of rules removed."""
        removed = self.faults.remove(rule_id)
        for rule in removed:
            self.platform.switches.update(self._switches_before.pop(rule.id, {}))
        return len(removed)

    def _switches_of(self, fault: str, given: Json) -> dict[str, Any]:
        if isinstance(given.get("switches"), dict):
            return dict(given["switches"])
        sign, ordinary = _SWITCH_SIGNS[fault]
        candidates = [name for name in self.platform.switches if sign in name]
        if len(candidates) != 1:
            raise ValueError(f'{fault}: name the switches of {self.platform.name} as "switches": {{name: reading}}')
        return {candidates[0]: given.get("value", ordinary)}

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
            raise ValueError(f"faults/{number}: expected the number of a rule")
        return {"removed": self.clear_faults(int(number) if number else None)}

    def _clock_now(self) -> Json:
        scaled = self.clock.scaled
        return {"now": self.clock.now().isoformat(), "speed": scaled.speed, "clock": str(scaled)}

    def _move_clock(self, call: Call) -> Json:
        setting = _object(call)
        if unknown := set(setting) - {"now", "speed"}:
            raise ValueError(f"clock: unknown members {', '.join(sorted(unknown))}; expected now or speed")
        now = datetime.fromisoformat(setting["now"]) if "now" in setting else None
        if now is not None and now.tzinfo is None:
            raise ValueError("now: expected a time with its zone, such as 2026-11-20T08:00:00+00:00")
        self.clock.set(now=now, speed=float(setting["speed"]) if "speed" in setting else None)
        return self._clock_now()

    def _calls(self, call: Call) -> Json:
        rows = self.log.since(int(call.query.get("since", "0")), call.query.get("path", ""))
        return {"last": self.log.last, "calls": [row.as_json() for row in rows]}

    def _forget_calls(self, call: Call) -> Json:
        self.log.clear()
        return {"last": self.log.last}

    def _require_world(self) -> WorldControl:
        if self.world is None:
            raise ValueError("world: this twin is served without one")
        return self.world

    def _steer_world(self, call: Call) -> Json:
        options = dict(_object(call))
        action = options.pop("action", "start")
        if action not in ("start", "status", "stop"):
            raise ValueError(f"action: expected start, status or stop, not {action!r}")
        world = self._require_world()
        if action == "start":
            return world.start(options)
        return world.stop() if action == "stop" else world.status()


class UnknownAction(Exception):
    """The platform has no such user action, or its arguments name an object that does not exist."""


class RefusedAction(Exception):
    """The platform's rules refuse the user action."""


def _object(call: Call) -> dict[str, Any]:
    body = call.body
    if not isinstance(body, dict):
        raise ValueError("body: expected a JSON object")
    return body


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status, {"error": reason, "faults": sorted(FAULTS)} if "fault:" in reason else {"error": reason})
