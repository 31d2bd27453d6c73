"""Every name that is stored or relied on outside: `python -m tools.public_names > tests/public_names.txt`.

From the first migration on these names change by a migration or not at all: tables and columns, states and kinds, the
configuration, commands and their options, pages and API, webhook paths, job and step names of the engine, log events.
`tests/test_public_names.py` holds the file against the code.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, get_origin

import typer
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route
from tests.design.examples import SMALL

from weighbridge.access.roles import Permission, Role
from weighbridge.app.context import AppContext
from weighbridge.cli.main import BUILT_IN_COMMANDS, app
from weighbridge.common.clock import REAL_CLOCK
from weighbridge.design.expectations import schema_at
from weighbridge.design.loading import parse_installation
from weighbridge.design.schema import Installation
from weighbridge.design.sections import Section
from weighbridge.domain.exceptions.kind import Playbook
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.finding import Severity
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import JOB_TYPES, Flow
from weighbridge.domain.readiness import ProblemId
from weighbridge.persistence.database import Database
from weighbridge.persistence.monitoring_database import MonitoringDatabase
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables import metadata
from weighbridge.queries.health import Watched
from weighbridge.queries.metric_list import METRICS
from weighbridge.web.console.app import console_app
from weighbridge.web.monitoring import MonitoringEndpoints, add_monitoring
from weighbridge.web.webhooks.receiver import receiver

SOURCE = Path(__file__).parents[1] / "src" / "weighbridge"
LEVELS = frozenset({"debug", "info", "warning", "error", "exception"})


def public_names() -> str:
    """The whole file."""
    sections: dict[str, Iterable[object]] = {
        "Tables and columns": _columns(),
        "Indexes": _indexes(),
        "Flows": [job_type.flow for job_type in JOB_TYPES],
        "Names of re-checked objects": [name for job_type in JOB_TYPES for name in job_type.rechecks],
        **{f"{kind.__name__} values": list(kind) for kind in _stored_enums()},
        "Configuration": _settings(),
        "Commands": _commands(),
        "Console and API": _routes(_console()),
        "Webhook receiver": _routes(_receiver()),
        "Log events": _log_events(),
        "Metrics": [f"{metric.name}{list(metric.labels) or ''}" for metric in METRICS],
    }
    return "\n".join("\n".join([f"## {title}", *sorted(map(str, names)), ""]) for title, names in sections.items())


def _stored_enums() -> tuple[type[StrEnum], ...]:
    return (State, FindingKind, ProblemId, Severity, Owner, Playbook, Role, Permission, Flow)


def _columns() -> list[str]:
    return [f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns]


def _indexes() -> list[str]:
    return [str(index.name) for table in metadata.tables.values() for index in table.indexes]


def _settings(path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every key of the configuration, with NAME for names that people choose."""
    model: Any = schema_at(path) or Installation
    if get_origin(model) is dict:
        yield from _settings((*path, "NAME"))
    elif isinstance(model, type) and issubclass(model, Section):
        for name in model.model_fields:
            yield ".".join((*path, name))
            yield from _settings((*path, name))


def _commands() -> Iterator[str]:
    group = typer.main.get_command(app)
    assert hasattr(group, "get_command")
    for name in BUILT_IN_COMMANDS:
        yield from _command(name, group.get_command(None, name))


def _command(name: str, command: Any) -> Iterator[str]:
    for parameter in command.params:
        for option in [*parameter.opts, *parameter.secondary_opts]:
            if option not in ("--help", "--show-completion", "--install-completion"):
                yield f"{name} {option}"
    if hasattr(command, "commands"):
        for inner in command.commands:
            yield from _command(f"{name} {inner}", command.commands[inner])
    else:
        yield name


def _console() -> FastAPI:
    installation = parse_installation(SMALL)
    context = AppContext.of(installation, Path(), {}, Database("sqlite:///"))
    return console_app(context)


def _receiver() -> FastAPI:
    database, installation = Database("sqlite:///"), parse_installation(SMALL)
    application = receiver(Repositories.of(database, REAL_CLOCK), REAL_CLOCK, {})
    watched = Watched(
        installation.connections, installation.monitoring, database, MonitoringDatabase("sqlite:///"), REAL_CLOCK
    )
    add_monitoring(application, MonitoringEndpoints.of(watched, None))
    return application


def _routes(application: Any, prefix: str = "") -> Iterator[str]:
    for route in application.routes:
        if isinstance(route, Mount):
            yield from _routes(route, prefix + route.path)
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router, prefix)
        elif isinstance(route, APIRoute | Route):
            for method in sorted(set(route.methods or ()) - {"HEAD"}):
                yield f"{method} {prefix}{route.path}"


def _log_events() -> set[str]:
    return {event for level in LEVELS for event in _first_arguments(f"log.{level}")}


def _first_arguments(function: str) -> set[str]:
    """The texts, or constants of the module, that calls of `function` have as their first argument."""
    texts: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) == function:
                texts.add(_text(path, node.args[0]))
    return texts - {""}


def _text(path: Path, argument: ast.expr) -> str:
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.Name):
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        return str(getattr(import_module(module), argument.id, ""))
    return ""


if __name__ == "__main__":
    sys.stdout.write(public_names())
