"""`weighbridge users`: administers the users of the console."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from weighbridge.access.roles import ROLE_DESCRIPTIONS, Role
from weighbridge.cli.api_client import ActorOption, ServerOption, with_api
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, out, print_json
from weighbridge.web.api.users import MadeToken, UserResponse

users_app = typer.Typer(help="Users of the console, their roles and tokens.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The user's name.")]
RoleOption = Annotated[
    Role, typer.Option(help="; ".join(f"{role}: {text}" for role, text in ROLE_DESCRIPTIONS.items()))
]
FromStandardInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Generated = Annotated[bool, typer.Option("--generate", help="Generate a password and print it.")]


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
    server: ServerOption = "",
    by: ActorOption = "",
) -> None:
    """Add a user."""
    chosen = {} if no_password else {"password": _new_password(password_stdin, generate)}
    user = _post(config, server, by, "/users", {"name": name, "role": role, **chosen})
    out.print(f"{user.name} is added as {user.role}.", highlight=False, markup=False)


@users_app.command("list")
def list_users(config: Config = DEFAULT_CONFIG, as_json: AsJson = False, server: ServerOption = "") -> None:
    """List the users and their roles."""
    users: list[UserResponse] = with_api(config, server, "", lambda api: api.get("/users", list[UserResponse]))
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
    name: Name,
    config: Config = DEFAULT_CONFIG,
    password_stdin: FromStandardInput = False,
    generate: Generated = False,
    server: ServerOption = "",
    by: ActorOption = "",
) -> None:
    """Set the password of a user; their sessions end."""
    _post(config, server, by, _path(name), {"password": _new_password(password_stdin, generate)})
    out.print(f"{name} has a new password.", highlight=False, markup=False)


@users_app.command("role")
def set_role(
    name: Name,
    role: Annotated[Role, typer.Argument()],
    config: Config = DEFAULT_CONFIG,
    server: ServerOption = "",
    by: ActorOption = "",
) -> None:
    """Change the role of a user; their sessions end."""
    _post(config, server, by, _path(name), {"role": role})
    out.print(f"{name} is {role} now.", highlight=False, markup=False)


@users_app.command("lock")
def lock(name: Name, config: Config = DEFAULT_CONFIG, server: ServerOption = "", by: ActorOption = "") -> None:
    """Lock a user: their sessions end and their tokens are revoked; their name stays in the history."""
    _post(config, server, by, _path(name), {"locked": True})
    out.print(f"{name} is locked.", highlight=False, markup=False)


@users_app.command("unlock")
def unlock(name: Name, config: Config = DEFAULT_CONFIG, server: ServerOption = "", by: ActorOption = "") -> None:
    """Unlock a user."""
    _post(config, server, by, _path(name), {"locked": False})
    out.print(f"{name} may sign in again.", highlight=False, markup=False)


@users_app.command("unlink")
def unlink(name: Name, config: Config = DEFAULT_CONFIG, server: ServerOption = "", by: ActorOption = "") -> None:
    """Unlink a user from the identity provider; the next account there with this name is linked to the user."""
    _post(config, server, by, f"{_path(name)}/unlink")
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
    server: ServerOption = "",
    by: ActorOption = "",
) -> None:
    """Create an API token for a user and print it; it is shown only once."""
    request = {"name": purpose, "read_only": read_only, "days": days}
    made: MadeToken = with_api(config, server, by, lambda api: api.post(f"{_path(name)}/tokens", MadeToken, request))
    sys.stdout.write(made.token + "\n")


def _new_password(from_standard_input: bool, generate: bool) -> str:
    if generate:
        chosen = secrets.token_urlsafe(15)
        sys.stdout.write(chosen + "\n")
        return chosen
    if from_standard_input:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _path(name: str) -> str:
    return f"/users/{quote(name, safe='')}"


def _post(config: Path, server: str, by: str, path: str, body: Mapping[str, Any] | None = None) -> UserResponse:
    user: UserResponse = with_api(config, server, by, lambda api: api.post(path, UserResponse, body))
    return user
