"""Countries are written as names; answers may be asked for codes instead."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

USUAL_ALIASES = {"usa": "US", "uk": "GB", "great britain": "GB", "vietnam": "VN", "russian federation": "RU"}


def in_format(country: object, wanted: str) -> object:
    """The country as `CountryFormat` asks: `Code2`, `Code` (three letters) or `Regular`, the name as it was sent.

    An unknown name stays as it is. Source: GET /sale, parameter CountryFormat.
    """
    if wanted.lower() not in ("code2", "code") or not isinstance(country, str):
        return country
    code = _codes().get(country.strip().casefold())
    if code is None:
        return country
    return code if wanted.lower() == "code2" else _three_letters().get(code, code)


def is_two_letter_code(country: str) -> bool:
    """Whether the text is an ISO code such as US and not a name."""
    return len(country) == 2 and country.upper() in Locale("en").territories


@cache
def _codes() -> dict[str, str]:
    names = {name.casefold(): code for code, name in Locale("en").territories.items() if len(code) == 2}
    return {**names, **USUAL_ALIASES}


@cache
def _three_letters() -> dict[str, str]:
    aliases = get_global("territory_aliases")
    return {two[0]: three for three, two in aliases.items() if len(three) == 3 and three.isalpha() and len(two) == 1}
