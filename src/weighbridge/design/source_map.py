"""Where in a TOML text does a key stand? The standard library's parser keeps no positions, people need lines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping

KeyPath = tuple[str | int, ...]
"""Keys from the root of the document; a position in an array is a number."""

_BARE_END = set(" \t\r\n.=]#,}")
_TRIPLES = ('"""', "'''")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every table, key and array item of `text`, which must be valid TOML.

    Source: TOML 1.0, sections keys, table, inline table, array of tables.
    """
    return _Reader(text).read()


def line_of(path: Iterable[str | int], lines: Mapping[KeyPath, int]) -> int:
    """The line of `path` or, where it does not stand in the text, of the nearest thing around it; 1 at worst."""
    wanted = tuple(path)
    for length in range(len(wanted), 0, -1):
        if wanted[:length] in lines:
            return lines[wanted[:length]]
    return 1


class _Reader:
    """Walks the text once, noting where keys begin. It skips values without understanding them."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n") + "\n"
        self._at = 0
        self._counted = 0
        self._line = 1
        self._lines: dict[KeyPath, int] = {}
        self._array_sizes: dict[KeyPath, int] = {}

    def read(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_blank():
            if self._here("["):
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> KeyPath:
        line = self._line_now()
        is_array = self._here("[[")
        self._at += 2 if is_array else 1
        keys = self._keys()
        self._at += 2 if is_array else 1
        path = self._within_arrays(keys[:-1])
        self._note(path, line)
        path = (*path, keys[-1])
        if is_array:
            self._note(path, line)
            position = self._array_sizes.get(path, 0)
            self._array_sizes[path] = position + 1
            path = (*path, position)
        elif path in self._array_sizes:
            path = (*path, self._array_sizes[path] - 1)
        self._note(path, line)
        return path

    def _within_arrays(self, keys: list[str]) -> KeyPath:
        """`keys` as a path: behind an array of tables they mean its latest table."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._array_sizes:
                path = (*path, self._array_sizes[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line_now()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, line)
        self._at += 1
        self._skip_blank()
        self._value(path)

    def _note(self, path: KeyPath, line: int) -> None:
        if path:
            self._lines.setdefault(path, line)

    def _keys(self) -> list[str]:
        """The parts of a dotted key; leaves the reader at the `=` or `]` behind it."""
        keys: list[str] = []
        while True:
            self._skip_spaces()
            keys.append(self._key())
            self._skip_spaces()
            if not self._here("."):
                return keys
            self._at += 1

    def _key(self) -> str:
        start = self._at
        if self._text[start] in "\"'":
            self._string()
            return str(tomllib.loads(f"key = {self._text[start : self._at]}")["key"])
        while self._text[self._at] not in _BARE_END:
            self._at += 1
        return self._text[start : self._at]

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            while self._text[self._at] not in ",]}#\n":
                self._at += 1

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        position = 0
        while self._skip_blank() and not self._here("]"):
            if self._here(","):
                self._at += 1
                continue
            self._note((*path, position), self._line_now())
            self._value((*path, position))
            position += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip_blank() and not self._here("}"):
            if self._here(","):
                self._at += 1
                continue
            self._pair(path)
        self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        closing = quote * 3 if self._text.startswith(_TRIPLES, self._at) else quote
        self._at += len(closing)
        while not self._here(closing):
            self._at += 2 if quote == '"' and self._here("\\") else 1
        self._at += len(closing)
        # A multi-line string may end with up to two quotes of its own before the closing ones.
        while len(closing) == 3 and self._here(quote):
            self._at += 1

    def _skip_spaces(self) -> None:
        while self._text[self._at] in " \t":
            self._at += 1

    def _skip_blank(self) -> bool:
        """Passes white space, line ends and comments; False at the end of the text."""
        while self._at < len(self._text):
            if self._here("#"):
                self._at = self._text.index("\n", self._at)
            elif self._text[self._at] in " \t\n":
                self._at += 1
            else:
                return True
        return False

    def _here(self, expected: str) -> bool:
        return self._text.startswith(expected, self._at)

    def _line_now(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
