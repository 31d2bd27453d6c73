"""Countries: Cin7 takes country names, while the store may have only a code."""

from __future__ import annotations

from functools import cache

from babel import Locale


@cache
def country_name(code: str) -> str:
    """The English name of a two-letter country code; an unknown code is returned unchanged.

    Source: Unicode CLDR; platform notes, cin7 10.20 (whether codes are taken is open, names always are).
    """
    return Locale("en").territories.get(code.upper(), code) if len(code) == 2 else code
