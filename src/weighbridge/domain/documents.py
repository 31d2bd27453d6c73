"""Documents: what Weighbridge stores as JSON. Each kind has a name, a version and a model with fixed wire names.

A field's wire name is its name in the model. A field that is renamed in the code keeps its wire name as an alias:
`Annotated[str, Field(alias="former_name")]`. Every fingerprint is taken over the same canonical form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import GenericAlias
from typing import Generic, NewType, TypeVar, cast

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError

Model = TypeVar("Model")
WireDocument = NewType("WireDocument", dict[str, JsonValue])
"""A document as it is stored: an object with the version of its kind and the fields of its model."""

VERSION = "v"
"""The wire name of the version."""
_ONLY_KNOWN_FIELDS = ConfigDict(extra="forbid")
"""A field that the model does not have is an error: with its default in place of the value, a sale could change."""


class UnreadableDocument(ValueError):
    """A stored document that is damaged, or that this version of Weighbridge cannot read."""


class WireForm(Generic[Model]):
    """How values of a model are written as JSON, by wire names, and read again."""

    def __init__(self, model: type[Model]) -> None:
        # Nested dataclasses inherit the configuration of a tuple, whereas pydantic refuses one beside a dataclass.
        form = cast(type[tuple[Model]], GenericAlias(tuple, (model,)))
        self._adapter: TypeAdapter[tuple[Model]] = TypeAdapter(form, config=_ONLY_KNOWN_FIELDS)

    def write(self, value: Model) -> JsonValue:
        """`value` as JSON: decimals and timestamps as text, tuples as lists."""
        return cast(list[JsonValue], self._adapter.dump_python((value,), mode="json", by_alias=True))[0]

    def read(self, value: JsonValue) -> Model:
        """The value that `write` was given. Raises ValidationError for another shape."""
        return self._adapter.validate_python((value,))[0]


class DocumentKind(Generic[Model]):
    """One kind of stored document."""

    def __init__(self, name: str, version: int, model: type[Model]) -> None:
        self.name = name
        self.version = version
        self.model = model
        self._wire_form = WireForm(model)

    def fields(self, document: Model) -> dict[str, JsonValue]:
        """The fields of `document` by wire name."""
        return cast(dict[str, JsonValue], self._wire_form.write(document))

    def write(self, document: Model) -> WireDocument:
        """`document` as it is stored."""
        return WireDocument({VERSION: self.version, **self.fields(document)})

    def read(self, stored: JsonValue) -> Model:
        """The document that was stored.

        Raises UnreadableDocument, which names the kind and the version, for another version or shape.
        """
        if not isinstance(stored, Mapping) or VERSION not in stored:
            raise UnreadableDocument(f"{self.name} without a version; expected version {self.version}")
        if stored[VERSION] != self.version:
            raise UnreadableDocument(f"{self.name} of version {stored[VERSION]}; expected version {self.version}")
        try:
            return self._wire_form.read({name: value for name, value in stored.items() if name != VERSION})
        except ValidationError as error:
            raise UnreadableDocument(f"{self.name} of version {self.version}: {_problems(error)}") from error


MOST_PROBLEMS = 3


def _problems(error: ValidationError) -> str:
    """The first fields that are wrong, without their values: these may be personal data."""
    listed = [
        f"{'.'.join(map(str, problem['loc'][1:])) or 'document'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    more = [f"and {len(listed) - MOST_PROBLEMS} more"] if len(listed) > MOST_PROBLEMS else []
    return "; ".join(listed[:MOST_PROBLEMS] + more)


def canonical_json(value: JsonValue | Sequence[JsonValue]) -> bytes:
    """`value` as JSON with sorted names and no spaces, in UTF-8: equal values have equal bytes."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def canonical_digest(value: JsonValue | Sequence[JsonValue]) -> str:
    """The SHA-256 of the canonical form of `value`, in hex digits: the base of every fingerprint."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
