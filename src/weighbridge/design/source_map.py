"""The lines of the keys in a TOML text, for messages; the standard library's parser keeps no positions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping

KeyPath = tuple[str | int, ...]
"""Keys from the root of the document; a position in an array is a number."""

_BARE_END = set(" \t\r\n.=]#,}")
_TRIPLES = ('"""', "'''")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table, key and array item of `text`, which must be valid TOML.

    Source: TOML 1.0, sections keys, table, inline table, array of tables.
    """
    return _Reader(text).read()


def line_of(path: Iterable[str | int], lines: Mapping[KeyPath, int]) -> int:
    """The line of `path`; if the text does not contain it, that of the innermost table around it, or 1."""
    keys = tuple(path)
    for length in range(len(keys), 0, -1):
        if keys[:length] in lines:
            return lines[keys[:length]]
    return 1


class _Reader:
    """Reads the text once and records where keys begin. It skips values without parsing them."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n") + "\n"
        self._offset = 0
        self._counted = 0
        self._line = 1
        self._lines: dict[KeyPath, int] = {}
        self._array_sizes: dict[KeyPath, int] = {}

    def read(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_blank():
            if self._starts_with("["):
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> KeyPath:
        line = self._line_now()
        is_array = self._starts_with("[[")
        self._offset += 2 if is_array else 1
        keys = self._keys()
        self._offset += 2 if is_array else 1
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
        """`keys` as a path: after an array of tables they refer to its latest table."""
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
        self._offset += 1
        self._skip_blank()
        self._value(path)

    def _note(self, path: KeyPath, line: int) -> None:
        if path:
            self._lines.setdefault(path, line)

    def _keys(self) -> list[str]:
        """The parts of a dotted key; leaves the reader at the `=` or `]` after it."""
        keys: list[str] = []
        while True:
            self._skip_spaces()
            keys.append(self._key())
            self._skip_spaces()
            if not self._starts_with("."):
                return keys
            self._offset += 1

    def _key(self) -> str:
        start = self._offset
        if self._text[start] in "\"'":
            self._string()
            return str(tomllib.loads(f"key = {self._text[start : self._offset]}")["key"])
        while self._text[self._offset] not in _BARE_END:
            self._offset += 1
        return self._text[start : self._offset]

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._offset]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            while self._text[self._offset] not in ",]}#\n":
                self._offset += 1

    def _array(self, path: KeyPath) -> None:
        self._offset += 1
        position = 0
        while self._skip_blank() and not self._starts_with("]"):
            if self._starts_with(","):
                self._offset += 1
                continue
            self._note((*path, position), self._line_now())
            self._value((*path, position))
            position += 1
        self._offset += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._offset += 1
        while self._skip_blank() and not self._starts_with("}"):
            if self._starts_with(","):
                self._offset += 1
                continue
            self._pair(path)
        self._offset += 1

    def _string(self) -> None:
        quote = self._text[self._offset]
        closing = quote * 3 if self._text.startswith(_TRIPLES, self._offset) else quote
        self._offset += len(closing)
        while not self._starts_with(closing):
            self._offset += 2 if quote == '"' and self._starts_with("\\") else 1
        self._offset += len(closing)
        # A multi-line string may end with up to two quotes of its own before the closing ones.
        while len(closing) == 3 and self._starts_with(quote):
            self._offset += 1

    def _skip_spaces(self) -> None:
        while self._text[self._offset] in " \t":
            self._offset += 1

    def _skip_blank(self) -> bool:
        """Skips white space, line ends and comments; False at the end of the text."""
        while self._offset < len(self._text):
            if self._starts_with("#"):
                self._offset = self._text.index("\n", self._offset)
            elif self._text[self._offset] in " \t\n":
                self._offset += 1
            else:
                return True
        return False

    def _starts_with(self, expected: str) -> bool:
        return self._text.startswith(expected, self._offset)

    def _line_now(self) -> int:
        self._line += self._text.count("\n", self._counted, self._offset)
        self._counted = self._offset
        return self._line
