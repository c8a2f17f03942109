"""What the tables are made of: their root, and the kinds of columns they share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import Integer, MetaData, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from concierge_core.storage.column_types import Json, UtcDateTime

# Fixed names, so that a migration can name what it changes on either database.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Tenant = Annotated[str, mapped_column(String(40), primary_key=True)]
Id = Annotated[str, mapped_column(String(32), primary_key=True)]
Reference = Annotated[str, mapped_column(String(32))]
Code = Annotated[str, mapped_column(String(200))]
Sealed = Annotated[str, mapped_column(Text)]
Hash = Annotated[str, mapped_column(String(80))]
Time = Annotated[datetime, mapped_column(UtcDateTime)]
JsonObject = Annotated[dict[str, Any], mapped_column(Json)]
Number = Annotated[int, mapped_column(Integer)]


class Model(DeclarativeBase):
    """Root of the tables."""

    metadata = MetaData(naming_convention=_NAMES)


def table(model: type[Model]) -> Table:
    """The model's table, for statements."""
    found = model.__table__
    assert isinstance(found, Table)
    return found
