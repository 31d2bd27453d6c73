"""Countries: a code alone becomes a name, anything else stays as it was written."""

from __future__ import annotations

import pytest

from weighbridge.domain.values.countries import country_name


@pytest.mark.parametrize(("code", "name"), [("US", "United States"), ("gb", "United Kingdom"), ("XX", "XX"), ("", "")])
def test_country_is_told_by_its_name(code: str, name: str) -> None:
    assert country_name(code) == name
