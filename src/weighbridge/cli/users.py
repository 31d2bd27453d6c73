"""`weighbridge users`: administers the users of the console, directly in the database of the installation."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from weighbridge.access.passwords import WeakPassword
from weighbridge.access.roles import ROLE_DESCRIPTIONS, Role
from weighbridge.access.service import Access
from weighbridge.access.users import UserProblem
from weighbridge.cli.context import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    actor,
    fail,
    installation_of,
    out,
    print_json,
    with_database,
)
from weighbridge.common.clock import REAL_CLOCK

users_app = typer.Typer(help="Users of the console, their roles and tokens.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The user's name.")]
RoleOption = Annotated[
    Role, typer.Option(help="; ".join(f"{role}: {text}" for role, text in ROLE_DESCRIPTIONS.items()))
]
FromStandardInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Generated = Annotated[bool, typer.Option("--generate", help="Generate a password and print it.")]
Answer = TypeVar("Answer")


@users_app.command("add")
def add(
    name: Name,
    role: RoleOption = Role.VIEWER,
    config: Config = DEFAULT_CONFIG,
    password_stdin: FromStandardInput = False,
    generate: Generated = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="The user signs in at the identity provider only.")
    ] = False,
) -> None:
    """Add a user."""
    password = "" if no_password else _new_password(password_stdin, generate)
    user = _with_access(config, lambda access: access.users.add(name, role, password, actor()))
    out.print(f"{user.name} is added as {user.role}.", highlight=False, markup=False)


@users_app.command("list")
def list_users(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the users and their roles."""
    users = _with_access(config, lambda access: access.users.all())
    if as_json:
        print_json([{"name": user.name, "role": user.role, "locked": user.disabled_at is not None} for user in users])
        return
    if not users:
        out.print("No users yet. Add the first: weighbridge users add NAME --role admin", markup=False)
        return
    table = Table("Name", "Role", "May", "Locked since")
    for user in users:
        locked_since = f"{user.disabled_at:%Y-%m-%d %H:%M} UTC" if user.disabled_at else ""
        table.add_row(user.name, user.role, ROLE_DESCRIPTIONS[user.role], locked_since)
    out.print(table)


@users_app.command("password")
def password(
    name: Name, config: Config = DEFAULT_CONFIG, password_stdin: FromStandardInput = False, generate: Generated = False
) -> None:
    """Set the password of a user; their sessions end."""
    chosen = _new_password(password_stdin, generate)
    _with_access(config, lambda access: access.users.set_password(name, chosen, actor()))
    out.print(f"{name} has a new password.", highlight=False, markup=False)


@users_app.command("role")
def set_role(name: Name, role: Annotated[Role, typer.Argument()], config: Config = DEFAULT_CONFIG) -> None:
    """Change the role of a user; their sessions end."""
    _with_access(config, lambda access: access.users.set_role(name, role, actor()))
    out.print(f"{name} is {role} now.", highlight=False, markup=False)


@users_app.command("lock")
def lock(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Lock a user: their sessions end and their tokens are revoked; their name stays in the history."""
    _with_access(config, lambda access: access.users.lock(name, actor()))
    out.print(f"{name} is locked.", highlight=False, markup=False)


@users_app.command("unlock")
def unlock(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Unlock a user."""
    _with_access(config, lambda access: access.users.unlock(name, actor()))
    out.print(f"{name} may sign in again.", highlight=False, markup=False)


@users_app.command("unbind")
def unbind(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Unlink a user from the identity provider; the next account there with this name is linked to the user."""

    async def unlink(access: Access) -> None:
        user = await access.users.find(name)
        if user is None:
            raise UserProblem(f"there is no user {name!r}")
        await access.identities.unlink(user, actor())

    _with_access(config, unlink)
    out.print(f"{name} is not linked to an account of the identity provider.", highlight=False, markup=False)


@users_app.command("token")
def token(
    name: Name,
    purpose: Annotated[str, typer.Argument(help="Purpose of the token.")],
    config: Config = DEFAULT_CONFIG,
    read_only: Annotated[bool, typer.Option("--read-only", help="The token cannot change anything.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, help="Number of days until the token expires; default: never.")
    ] = None,
) -> None:
    """Create an API token for a user and print it; it is shown only once."""

    async def create(access: Access) -> str:
        user = await access.users.find(name)
        if user is None:
            raise UserProblem(f"there is no user {name!r}")
        return await access.tokens.create(user, purpose, read_only=read_only, days=days, actor=actor())

    sys.stdout.write(_with_access(config, create) + "\n")


def _new_password(from_standard_input: bool, generate: bool) -> str:
    if generate:
        chosen = secrets.token_urlsafe(15)
        sys.stdout.write(chosen + "\n")
        return chosen
    if from_standard_input:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _with_access(config: Config, work: Callable[[Access], Awaitable[Answer]]) -> Answer:
    try:
        return with_database(installation_of(config), lambda database, _: work(Access.of(database, REAL_CLOCK)))
    except (UserProblem, WeakPassword) as problem:
        fail(str(problem))
