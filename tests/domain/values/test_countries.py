"""Countries: a known code becomes a name, any other text is unchanged."""

from __future__ import annotations

import pytest

from weighbridge.domain.values.countries import country_name


@pytest.mark.parametrize(("code", "name"), [("US", "United States"), ("gb", "United Kingdom"), ("XX", "XX"), ("", "")])
def test_country_code_becomes_the_country_name(code: str, name: str) -> None:
    assert country_name(code) == name
