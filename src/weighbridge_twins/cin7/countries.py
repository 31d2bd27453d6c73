"""Countries: stored as names, returned as names or codes."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

USUAL_ALIASES = {"usa": "US", "uk": "GB", "great britain": "GB", "vietnam": "VN", "russian federation": "RU"}


def in_format(country: object, country_format: str) -> object:
    """Renders a country in a `CountryFormat`: `Code2`, `Code` (three letters) or `Regular`, the name as it was sent.

    An unknown name is returned unchanged. Source: GET /sale, parameter CountryFormat.
    """
    if country_format.lower() not in ("code2", "code") or not isinstance(country, str):
        return country
    code = _codes().get(country.strip().casefold())
    if code is None:
        return country
    return code if country_format.lower() == "code2" else _three_letters().get(code, code)


def is_two_letter_code(country: str) -> bool:
    """Tells whether the text is an ISO code such as US and not a name."""
    return len(country) == 2 and country.upper() in Locale("en").territories


@cache
def _codes() -> dict[str, str]:
    names = {name.casefold(): code for code, name in Locale("en").territories.items() if len(code) == 2}
    return {**names, **USUAL_ALIASES}


@cache
def _three_letters() -> dict[str, str]:
    aliases = get_global("territory_aliases")
    return {two[0]: three for three, two in aliases.items() if len(three) == 3 and three.isalpha() and len(two) == 1}
