"""Compressed texts: every text comes back byte for byte, from a dictionary or from the changes of another text."""

from __future__ import annotations

from importlib.resources import files

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.persistence.types import (
    Dictionary,
    compress,
    compress_changes,
    decompress,
    decompress_changes,
)

ORDER = b'{"id":1042,"status_id":11,"total_inc_tax":"81.1800","date_created":"Mon, 30 Nov 2026 08:25:44 +0000"}'


@given(text=st.binary(max_size=3000), dictionary=st.sampled_from(Dictionary))
def test_a_text_comes_back_byte_for_byte(text: bytes, dictionary: Dictionary) -> None:
    assert decompress(compress(text, dictionary)) == text


@given(text=st.binary(max_size=3000), previous=st.binary(max_size=3000))
def test_a_text_comes_back_from_its_changes_of_any_other(text: bytes, previous: bytes) -> None:
    assert decompress_changes(compress_changes(text, previous), previous) == text


def test_a_long_text_with_few_changes_is_short() -> None:
    rows = [f'{{"SKU":"SKU-{number:06}","Available":{number % 97}.0}}' for number in range(20_000)]
    before = ",".join(rows).encode()
    rows[17_001] = rows[17_001].replace("SKU-", "NEW-")
    after = ",".join(rows).encode()
    changes = compress_changes(after, before)
    assert len(before) > 700_000
    assert len(changes) < 300
    assert decompress_changes(changes, before) == after


def test_changes_of_another_text_are_refused() -> None:
    changes = compress_changes(ORDER.replace(b"11", b"10"), ORDER)
    with pytest.raises(zstandard.ZstdError):
        decompress_changes(changes, ORDER.replace(b"1042", b"1043"))


def test_every_text_names_its_dictionary_so_that_it_stays_readable_after_a_better_one() -> None:
    for dictionary in Dictionary:
        stored = compress(ORDER, dictionary)
        named = zstandard.get_frame_parameters(stored, format=zstandard.FORMAT_ZSTD1_MAGICLESS).dict_id
        file = files("weighbridge.persistence") / "dictionaries" / f"{named}.zdict"
        assert zstandard.ZstdCompressionDict(file.read_bytes()).dict_id() == named == dictionary
