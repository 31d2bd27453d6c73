"""By what a transfer is found besides its own numbers: the shopper's e-mail address, a parcel's tracking number.

Kept as digests: they are compared, never shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

FIELDS = frozenset({"email", "tracking_number"})
"""Fields of what was mapped whose values people search for."""
LONGEST = 200


def digest_of_word(word: str) -> str:
    """What is kept of a word; case, and spaces around and inside, do not count."""
    return hashlib.sha256("".join(word.lower().split()).encode()).hexdigest()


def words_in(content: Any) -> frozenset[str]:
    """Digests of the words in a transfer's content that it is found by."""
    return frozenset(digest_of_word(word) for word in _words(content))


def _words(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        for name, value in content.items():
            if name in FIELDS and isinstance(value, str) and 0 < len(value.strip()) <= LONGEST:
                yield value
            elif isinstance(value, (dict, list)):
                yield from _words(value)
    elif isinstance(content, list):
        for one in content:
            yield from _words(one)
