"""Checks that code and prose use the field's words: `python -m tools.words [FOLDER ...]`.

`docs/glossary.md` holds two tables of words we do not use. Words of the first may be no part of an identifier that we
define (module, class, function, parameter, attribute); phrases of the second may not occur in documents, templates,
docstrings and messages. `tools/words_exceptions.toml` lists what is allowed all the same, each with its reason.
Ordinary English such as "one" or "found" is no sin, but says little as the name of a local variable: those are
counted, and the number may not rise.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
EXCEPTIONS = ROOT / "tools" / "words_exceptions.toml"
CODE = ("src", "tests", "benchmarks", "tools")
PROSE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
VAGUE_LOCALS = frozenset({"one", "found", "asked", "kept", "place", "part", "there"})
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One word that the glossary replaces, where it was found."""

    file: str
    line: int
    text: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}; use {self.instead}"


@dataclass(frozen=True, slots=True)
class Rules:
    """The glossary's two lists and the exceptions to them."""

    words: dict[str, str]
    phrases: dict[str, str]
    allowed_identifiers: frozenset[str]
    allowed_phrases: frozenset[tuple[str, str]]
    """(file, phrase in lower case); the file "*" allows the phrase everywhere."""
    most_vague_locals: int

    @classmethod
    def read(cls) -> Rules:
        """The rules as they stand in the repository."""
        text = GLOSSARY.read_text(encoding="utf-8")
        exceptions = tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8"))
        return cls(
            words=_table(text, "Words that no identifier holds"),
            phrases=_table(text, "Phrases that no sentence holds"),
            allowed_identifiers=frozenset(exceptions["identifiers"]),
            allowed_phrases=frozenset(_phrase_exceptions(exceptions.get("phrases", []))),
            most_vague_locals=int(exceptions["most_vague_locals"]),
        )


def main(folders: list[str]) -> int:
    """Prints every problem, of `folders` alone where some are named; answers the exit code."""
    rules = Rules.read()
    found = [*identifier_problems(rules), *prose_problems(rules)]
    problems = [problem for problem in found if not folders or problem.file.startswith(tuple(folders))]
    for problem in problems:
        print(problem)
    vague = vague_locals()
    if vague > rules.most_vague_locals:
        print(f"{vague} local variables are named {', '.join(sorted(VAGUE_LOCALS))}; at most {rules.most_vague_locals}")
    print(f"{len(problems)} words to replace; {vague} vague locals of at most {rules.most_vague_locals}")
    return 1 if problems or vague > rules.most_vague_locals else 0


def identifier_problems(rules: Rules) -> Iterator[Problem]:
    """Identifiers of ours that hold a word of the glossary's list."""
    for path in code_files():
        file = str(path.relative_to(ROOT))
        module = path.parent.name if path.stem == "__init__" else path.stem
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, line in [(module, 1), *definitions(tree)]:
            if name in rules.allowed_identifiers or f"{file}:{name}" in rules.allowed_identifiers:
                continue
            for word in words_of(name):
                if word in rules.words:
                    yield Problem(file, line, f"{name} holds {word!r}", rules.words[word])


def prose_problems(rules: Rules) -> Iterator[Problem]:
    """Phrases of the glossary's list in documents, templates, docstrings and messages."""
    pattern = re.compile(r"(?<![\w-])(" + "|".join(map(_loose, rules.phrases)) + r")(?![\w-])", re.IGNORECASE)
    for path, line, text in passages():
        file = str(path.relative_to(ROOT))
        for match in pattern.finditer(text):
            phrase = " ".join(match[1].lower().split())
            if (file, phrase) not in rules.allowed_phrases and ("*", phrase) not in rules.allowed_phrases:
                yield Problem(file, line + text.count("\n", 0, match.start()), repr(match[1]), rules.phrases[phrase])


def vague_locals() -> int:
    """How many functions have a local variable with a name that says nothing."""
    count = 0
    for path in code_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
                count += len(stored & VAGUE_LOCALS)
    return count


def code_files() -> Iterator[Path]:
    """Every Python file of the repository."""
    for folder in CODE:
        yield from sorted((ROOT / folder).rglob("*.py"))


def definitions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, line) of every class, function, parameter, attribute and module-level name, without imports."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node.lineno
                arguments = node.args
                extra = [one for one in (arguments.vararg, arguments.kwarg) if one]
                for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]:
                    yield argument.arg, argument.lineno
            case ast.ClassDef():
                yield node.name, node.lineno
                yield from _assigned(node.body)
            case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
                yield node.attr, node.lineno
    yield from _assigned(tree.body)


def words_of(identifier: str) -> list[str]:
    """`HTTPLog` and `http_log` are "http" and "log"."""
    return [word.lower() for word in WORD.findall(identifier)]


def passages() -> Iterator[tuple[Path, int, str]]:
    """(file, line, text) of everything that people read."""
    documents = (
        [ROOT / name for name in PROSE] + sorted((ROOT / "docs").rglob("*.md")) + sorted(ROOT.glob("src/*/README.md"))
    )
    for path in documents:
        if path != GLOSSARY:
            yield path, 1, re.sub(r"`[^`\n]*`", "``", path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "src").rglob("*.html")):
        yield (
            path,
            1,
            re.sub(
                r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|(?<=<)[^>]*", _blank, path.read_text(encoding="utf-8"), flags=re.S
            ),
        )
    for path in code_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                yield path, node.lineno, re.sub(r"`[^`\n]*`", "``", node.value)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    for node in body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            yield from (
                (n.id, n.lineno) for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            )


def _table(text: str, heading: str) -> dict[str, str]:
    """The rows `| words | instead |` under a heading; several words of one row are divided by commas."""
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.M)[1:]
    return {word.strip().lower(): instead for words, instead in rows for word in words.split(",")}


def _loose(phrase: str) -> str:
    return re.sub(r"\\? +", r"\\s+", re.escape(phrase))


def _phrase_exceptions(entries: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        for file in entry["files"]:
            yield file, entry["phrase"].lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
