"""Countries: the books are told names, the shop may know a code alone."""

from __future__ import annotations

from functools import cache

from babel import Locale


@cache
def country_name(code: str) -> str:
    """The English name of a two-letter country code; a code that stands for none comes back as it is.

    Source: Unicode CLDR; platform notes, cin7 10.20 (whether codes are taken is open, names always are).
    """
    return Locale("en").territories.get(code.upper(), code) if len(code) == 2 else code
