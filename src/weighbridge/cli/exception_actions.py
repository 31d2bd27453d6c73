"""`weighbridge exceptions assign|comment|snooze|...|act`: what people do about exceptions, under their name."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from weighbridge.cli.context import DEFAULT_CONFIG, Config, fail, out
from weighbridge.cli.exception_backend import CaseDesk
from weighbridge.cli.exception_backend_remote import at_the_desk
from weighbridge.cli.exceptions import (
    Containing,
    OfConnection,
    OfKind,
    OfOwner,
    WithTag,
    exceptions_app,
)
from weighbridge.cli.server import AtServer
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import Owner
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, Reopen, Snooze, Tag, Untag, Wake
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.lifecycle import Effect
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.playbooks import Run

Number = Annotated[int, typer.Argument(help="Number of the exception.")]
Numbers = Annotated[list[int], typer.Argument(help="Numbers of the exceptions.")]
By = Annotated[str, typer.Option("--by", envvar="WEIGHBRIDGE_PERSON", help="Who acts; by default who is signed in.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stays in the history.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, only the preview is shown.")]
RunNumber = Annotated[int, typer.Argument(help="Number of the run, as `show` has it.")]
SPAN = re.compile(r"(\d+)([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@exceptions_app.command("assign")
def assign(
    numbers: Numbers,
    to: Annotated[str | None, typer.Option(help="A person's name; empty: nobody.")] = None,
    owner: Annotated[Owner | None, typer.Option(help="Who resolves it.")] = None,
    config: Config = DEFAULT_CONFIG,
    by: By = "",
    server: AtServer = "",
) -> None:
    """Give exceptions to a person or another owner."""
    if to is None and owner is None:
        fail("say --to a person, --owner, or both")
    _act(config, numbers, Assign(to, owner), by, server)


@exceptions_app.command("comment")
def comment(
    number: Number,
    text: Annotated[str, typer.Argument()],
    config: Config = DEFAULT_CONFIG,
    by: By = "",
    server: AtServer = "",
) -> None:
    """Say something that stays in the history."""
    _act(config, [number], Comment(text), by, server)


@exceptions_app.command("snooze")
def snooze(
    numbers: Numbers,
    span: Annotated[str, typer.Option("--for", help="How long: 30m, 4h, 2d.")],
    config: Config = DEFAULT_CONFIG,
    by: By = "",
    server: AtServer = "",
) -> None:
    """Keep exceptions out of the list for a while; their deadline stays."""
    length = _span(span)

    async def work(desk: CaseDesk) -> int:
        return await desk.act(numbers, Snooze(await desk.now() + length))

    _tell(at_the_desk(config, server, by, work))


@exceptions_app.command("wake")
def wake(numbers: Numbers, config: Config = DEFAULT_CONFIG, by: By = "", server: AtServer = "") -> None:
    """End the sleep of exceptions."""
    _act(config, numbers, Wake(), by, server)


@exceptions_app.command("tag")
def tag(
    word: Annotated[str, typer.Argument(metavar="TAG")],
    numbers: Numbers,
    remove: Annotated[bool, typer.Option("--remove", help="Take it off.")] = False,
    config: Config = DEFAULT_CONFIG,
    by: By = "",
    server: AtServer = "",
) -> None:
    """Put a tag on exceptions, or take it off."""
    _act(config, numbers, Untag(word) if remove else Tag(word), by, server)


@exceptions_app.command("reopen")
def reopen(number: Number, reason: Reason, config: Config = DEFAULT_CONFIG, by: By = "", server: AtServer = "") -> None:
    """Open what was closed last again, and have it looked at."""
    _act(config, [number], Reopen(reason), by, server)


@exceptions_app.command("merge")
def merge(
    numbers: Numbers,
    into: Annotated[int, typer.Option(help="Number of the exception that takes them up.")],
    config: Config = DEFAULT_CONFIG,
    by: By = "",
    server: AtServer = "",
) -> None:
    """Show exceptions with one cause as one, now and later."""

    moved = at_the_desk(config, server, by, lambda desk: desk.merge(numbers, into))
    out.print(f"{moved:,} objects moved.")


@exceptions_app.command("unmerge")
def unmerge(number: Number, config: Config = DEFAULT_CONFIG, by: By = "", server: AtServer = "") -> None:
    """Take a merge back."""

    moved = at_the_desk(config, server, by, lambda desk: desk.unmerge(number))
    out.print(f"{moved:,} objects moved back.")


@exceptions_app.command("bulk")
def bulk(
    action: Annotated[str, typer.Argument(help="assign, comment, snooze, wake, tag, untag or accept.")],
    told: Annotated[str, typer.Argument(help="The person, text, span, tag or reason.")] = "",
    config: Config = DEFAULT_CONFIG,
    connection: OfConnection = "",
    owner: OfOwner = None,
    kind: OfKind = None,
    tagged: WithTag = "",
    containing: Containing = "",
    confirm: Annotated[str, typer.Option(help="Name of the preview that you have read; does it.")] = "",
    by: By = "",
    server: AtServer = "",
) -> None:
    """Act on all that a pattern finds: first the preview with its name, then with --confirm NAME."""
    wanted = Wanted(connection=connection, owner=owner, kinds=tuple(kind or ()), tag=tagged, words=containing)
    if wanted == Wanted():
        fail("say which: --connection, --owner, --kind, --tagged or --containing")

    async def work(desk: CaseDesk) -> tuple[Effect, int]:
        meant = _named_action(action, told, await desk.now())
        effect = await desk.effect(wanted, meant)
        if confirm and confirm == effect.name:
            return effect, await desk.act_on_many(wanted, meant, effect)
        return effect, 0

    effect, done = at_the_desk(config, server, by, work)
    if done:
        _tell(done)
        return
    money = ", ".join(str(one) for one in effect.money) or "no money"
    out.print(f"{len(effect.ids):,} exceptions with {effect.objects:,} objects, {money}, such as:")
    for title in effect.titles:
        out.print(f"  {title}", markup=False)
    for refused in effect.refused[:5]:
        out.print(f"  not {refused}", markup=False)
    if confirm:
        fail(f"{confirm} is not what the pattern finds now; it finds {effect.name}")
    if effect.ids:
        out.print(f"Nothing is done yet. To do it: the same with --confirm {effect.name}")


@exceptions_app.command("act")
def act(
    number: Number,
    remedy: Annotated[Remedy, typer.Argument(help="One of its safe actions.")],
    values: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE that the action asks for.")] = None,
    reason: Reason = "",
    yes: Yes = False,
    config: Config = DEFAULT_CONFIG,
    by: By = "",
    server: AtServer = "",
) -> None:
    """Preview a safe action, and run it with --yes."""
    arguments = dict(_pair(text) for text in values or ())

    async def work(desk: CaseDesk) -> tuple[Plan, Run | None]:
        plan = await desk.plan(number, remedy, arguments)
        if not yes or plan.problem:
            return plan, None
        return plan, await desk.run(number, remedy, arguments, reason)

    plan, run = at_the_desk(config, server, by, work)
    if plan.problem:
        fail(plan.problem)
    for line in plan.lines:
        out.print(line, markup=False)
    if run is None:
        undo = "It can be taken back." if plan.can_be_undone else "It cannot be taken back."
        out.print(f"{undo} Nothing is done yet; --yes does it.")
    else:
        out.print(f"Run {run.id} has begun. The exception closes once its proof was seen: {run.outcome}.")


@exceptions_app.command("undo")
def undo(run: RunNumber, reason: Reason, config: Config = DEFAULT_CONFIG, by: By = "", server: AtServer = "") -> None:
    """Take back what a run stored."""
    undone = at_the_desk(config, server, by, lambda desk: desk.undo(run, reason))
    out.print(f"Run {undone.id} is taken back.")


@exceptions_app.command("approve")
def approve(run: RunNumber, config: Config = DEFAULT_CONFIG, by: By = "", server: AtServer = "") -> None:
    """Run what was prepared."""
    begun = at_the_desk(config, server, by, lambda desk: desk.decide(run, approve=True))
    out.print(f"Run {begun} has begun.")


@exceptions_app.command("refuse")
def refuse(run: RunNumber, config: Config = DEFAULT_CONFIG, by: By = "", server: AtServer = "") -> None:
    """Do not run what was prepared."""
    at_the_desk(config, server, by, lambda desk: desk.decide(run, approve=False))
    out.print("Refused.")


def _act(config: Config, numbers: list[int], action: Action, by: str, server: str) -> None:
    _tell(at_the_desk(config, server, by, lambda desk: desk.act(numbers, action)))


def _tell(done: int) -> None:
    out.print(f"Done for {done:,} {'exception' if done == 1 else 'exceptions'}.")


def _span(text: str) -> timedelta:
    found = SPAN.fullmatch(text.strip())
    if found is None:
        fail(f"{text!r} is no span; expected such as 30m, 4h or 2d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        fail(f"{text!r} should be NAME=VALUE")
    return name.strip(), value


def _named_action(action: str, told: str, now: datetime) -> Action:
    """What to do with many, by the word for it; ends the command when there is none."""
    plain = {"assign": Assign, "comment": Comment, "tag": Tag, "untag": Untag, "accept": Accept}
    if action == "snooze":
        return Snooze(now + _span(told))
    if action == "wake":
        return Wake()
    if action not in plain:
        fail(f"cannot {action!r}; expected snooze, wake, {', '.join(plain)}")
    made: Action = plain[action](told)
    return made
