"""Lines of keys, in every TOML syntax."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.design.source_map import KeyPath, key_lines, line_of

ODD = '''# first
title = "a # no comment"   # [no.table]

[plain]
bare-key_1 = 1
"quoted key" = 'C:\\'
'single.dotted' = """
[not.a.table]
still = "text" """
"esc\\u0061ped" = """quotes at the end: ""\"""
a . "b.c" . d = [1, [2,
  3], { x = 1, y = "}" },
]

[ table . "with space" ]
inline = { one = 1, two.three = { four = [ "]" ] }, "fi ve" = 5 }

[[boxes]]
n = 1
[boxes.size]
w = 2
[[boxes.packs]]
sku = "A"
[[boxes]]
n = 2
[[boxes.packs]]
sku = "B"
[[boxes.packs]]
sku = "C"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("plain",), 4),
        (("plain", "bare-key_1"), 5),
        (("plain", "quoted key"), 6),
        (("plain", "single.dotted"), 7),
        (("plain", "escaped"), 10),
        (("plain", "a", "b.c", "d"), 11),
        (("plain", "a", "b.c", "d", 1, 1), 12),
        (("plain", "a", "b.c", "d", 2, "y"), 12),
        (("table", "with space"), 15),
        (("table", "with space", "inline", "two", "three", "four", 0), 16),
        (("table", "with space", "inline", "fi ve"), 16),
        (("boxes", 0, "n"), 19),
        (("boxes", 0, "size", "w"), 21),
        (("boxes", 0, "packs", 0, "sku"), 23),
        (("boxes", 1, "n"), 25),
        (("boxes", 1, "packs", 0, "sku"), 27),
        (("boxes", 1, "packs", 1, "sku"), 29),
    ],
)
def test_every_toml_key_syntax_maps_to_its_line(path: KeyPath, line: int) -> None:
    tomllib.loads(ODD)
    assert key_lines(ODD)[path] == line


def test_a_missing_key_points_at_its_table() -> None:
    lines = key_lines(ODD)
    assert line_of(("plain", "missing", "deeper"), lines) == 4
    assert line_of(("nowhere",), lines) == 1
    assert line_of((), lines) == 1


def test_windows_line_ends_count_once() -> None:
    assert key_lines("a = 1\r\nb = '''\r\n\r\n'''\r\nc = 2\r\n")[("c",)] == 5


def test_a_file_without_a_final_newline_is_read_completely() -> None:
    assert key_lines("a = 1\nb = [1, 2]")[("b", 1)] == 2
    assert key_lines("") == {}


def _paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} - {()} | {nested for key, inner in items for nested in _paths(inner, (*path, key))}


_TEXT = st.text(st.sampled_from("ab\"'#[]{}=,. \\é"), max_size=6)


def _basic(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["true", "1979-05-27T07:32:00Z", "0.5", "+inf"]),
    _TEXT.map(_basic),
    _TEXT.map(lambda text: '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'),
    _TEXT.map(lambda text: "'" + text.replace("'", "") + "'"),
)
_KEYS = st.one_of(st.sampled_from(["a", "b-1", "'c.d'"]), _TEXT.map(_basic))


def _same_key(pair: tuple[str, str]) -> str:
    return tomllib.loads(f"{pair[0]} = 1").popitem()[0]


def _tables(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(_KEYS, values), max_size=3, unique_by=_same_key)
    return pairs.map(lambda items: "{" + ", ".join(f"{key} = {value}" for key, value in items) + "}")


def _arrays(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, max_size=3).map(lambda items: "[\n" + ", # ]\n".join([*items, "]"]))


_VALUES = st.recursive(_SCALARS, lambda inner: st.one_of(_arrays(inner), _tables(inner)), max_leaves=6)


@given(st.lists(_VALUES, max_size=4))
def test_the_line_finder_sees_exactly_the_keys_that_the_parser_sees(values: list[str]) -> None:
    text = "".join(f"[t{number}]\nkey.x = {value}\n" for number, value in enumerate(values))
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # a multi-line string inside an inline table is not valid TOML 1.0
    assert set(key_lines(text)) == _paths(document)
