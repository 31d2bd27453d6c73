"""Invents a plausible name and address for each household from its number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

_FIRST: Final = (
    "Ada", "Bruno", "Carla", "Dylan", "Edith", "Felix", "Grace", "Hugo", "Iris", "Jonas", "Karen", "Leo", "Mona",
    "Nina", "Oscar", "Petra", "Quinn", "Rosa", "Simon", "Tessa", "Uma", "Victor", "Wanda", "Xenia", "Yusuf", "Zelda",
)  # fmt: skip
_LAST: Final = (
    "Ashford", "Barlow", "Castell", "Dunmore", "Easton", "Fairley", "Garland", "Holloway", "Ingram", "Jessop",
    "Kettering", "Langford", "Merrick", "Norwood", "Oakes", "Pemberton", "Quayle", "Rowntree", "Selby", "Thornbury",
)  # fmt: skip
_UNUSUAL: Final = (
    ("Zoë", "Brûlé-Świątek"), ("José", "Muñoz Ibáñez"), ("Łukasz", "Żółkiewski"), ("نور", "الهاشمي"),
    ("שירה", "לוי"), ("李", "小龍"), ("Björk", "Þórsdóttir"), ("Ana 🌻", "Souza"), ("D'Arcy", 'O’Neil "Ned"'),
    ("Nguyễn", "Thị Ánh"), ("Max & Mia", "<Keller>"), ("Ömer", "Çağlayan"),
)  # fmt: skip
_STREETS: Final = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Foundry",
    "Granary",
    "Harbor",
    "Juniper",
    "Linden",
    "Mill",
)
_KINDS: Final = ("St", "Ave", "Rd", "Ln", "Blvd")
_TOWNS: Final = (
    ("Austin", "Texas", "787"), ("Houston", "Texas", "770"), ("Dallas", "Texas", "752"), ("El Paso", "Texas", "799"),
    ("Lubbock", "Texas", "794"), ("Waco", "Texas", "767"), ("Laredo", "Texas", "780"), ("Plano", "Texas", "750"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A shopper; the address is in the United States."""

    first_name: str
    last_name: str
    email: str
    phone: str
    street: str
    street_2: str
    city: str
    state: str
    zip: str

    def address(self) -> dict[str, str]:
        """Returns the address with BigCommerce's members of a billing or shipping address."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "company": "",
            "street_1": self.street,
            "street_2": self.street_2,
            "city": self.city,
            "state": self.state,
            "zip": self.zip,
            "country": "United States",
            "country_iso2": "US",
            "phone": self.phone,
            "email": self.email,
        }


def person_of(household_id: str, seed: int, unusual_share: float) -> Person:
    """Returns the same person for the same household and seed; e-mail at example.com, phone 555-01xx."""
    dice = random.Random(f"{seed}/household/{household_id}")
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    if dice.random() < unusual_share:
        first, last = dice.choice(_UNUSUAL)
    city, state, prefix = dice.choice(_TOWNS)
    return Person(
        first_name=first,
        last_name=last,
        email=f"household{household_id}@example.com",
        phone=f"512-555-01{dice.randrange(100):02d}",
        street=f"{dice.randrange(1, 9900)} {dice.choice(_STREETS)} {dice.choice(_KINDS)}",
        street_2=f"Apt {dice.randrange(1, 60)}" if dice.random() < 0.3 else "",
        city=city,
        state=state,
        zip=f"{prefix}{dice.randrange(100):02d}",
    )
