"""The structure that CONTRIBUTING promises: no import circles, small modules, an almost empty root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGES = ("weighbridge", "weighbridge_twins", "weighbridge_simulation")
MOST_LINES, MOST_ROOT_MODULES = 300, 6


def test_no_modules_import_each_other() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert list(_circles(imports)) == []


def test_no_module_is_longer_than_a_few_screens() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")}
    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_few_modules_lie_at_a_packages_root() -> None:
    for package in PACKAGES:
        modules = sorted(path.name for path in (ROOT / "src" / package).glob("*.py"))
        assert len(modules) <= MOST_ROOT_MODULES, f"{package}: {modules}"


def _circles(imports: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Modules that reach themselves: what is left once modules without imports, or importers, are taken away."""
    left = {module: {other for other in others if other in imports} for module, others in imports.items()}
    while leaves := {module for module, others in left.items() if not others & left.keys()}:
        left = {module: others - leaves for module, others in left.items() if module not in leaves}
    if left:
        yield sorted(left)
