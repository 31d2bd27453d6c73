"""Users and tokens through the API: admins manage others, everybody themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from weighbridge.access.roles import GRANTED, Role
from weighbridge.access.users import User
from weighbridge.app.context import office_of
from weighbridge.services import users as deeds
from weighbridge.web.api.auth import Admin, AdminReader, Oneself, Reader
from weighbridge.web.api.responses import Answer, Asked, Short

router = APIRouter(tags=["people"])
Piece = Annotated[str, Path(max_length=300)]
Secret = Annotated[Short, Field(min_length=1, json_schema_extra={"format": "password"})]


class Me(BaseModel):
    """Whom the token acts for."""

    name: str
    role: Role
    permissions: list[str]
    now: datetime
    """The installation's time, by which deadlines and sleeps count."""


class UserAnswer(BaseModel):
    """A user."""

    name: str
    role: Role
    created_at: datetime
    password_at: datetime | None
    """When their password was last set; null: they sign in at the provider only."""
    disabled_at: datetime | None
    """Since when they are locked."""

    @classmethod
    def of(cls, user: User) -> UserAnswer:
        return cls(**{name: getattr(user, name) for name in cls.model_fields})


class NewUser(Asked):
    """A user to be added."""

    name: Short
    role: Role
    password: Secret | None = None
    """May be left out where people sign in at an identity provider."""


class UserChange(Asked):
    """What changes of a user; what is left out stays."""

    role: Role | None = None
    password: Secret | None = None
    locked: bool | None = None


class PasswordChange(Asked):
    """One's own password."""

    old: Secret
    new: Secret


class TokenAnswer(Answer):
    """A token that is taken; itself it was shown once."""

    id: str
    user: str
    name: str
    read_only: bool
    created_at: datetime
    used_at: datetime | None
    ends_at: datetime | None


class NewToken(Asked):
    """A token to be made."""

    name: Short
    days: int = Field(default=90, description=f"One of {', '.join(map(str, deeds.TOKEN_DAYS))}.")
    read_only: bool = True


class MadeToken(BaseModel):
    """A new token, shown this once."""

    token: str


class Changed(BaseModel):
    """It is done."""

    done: bool = True


@router.get("/me")
async def me(request: Request, user: Reader) -> Me:
    """Whom the token acts for, and what they may."""
    return Me(
        name=user.name, role=user.role, permissions=sorted(GRANTED[user.role]), now=office_of(request).clock.now()
    )


@router.post("/me/password")
async def change_own_password(request: Request, me: Oneself, asked: PasswordChange) -> Changed:
    """Changes one's own password; sessions end, tokens stay."""
    address = request.client.host if request.client else ""
    await deeds.change_own_password(office_of(request), me.user, asked.old, asked.new, address)
    return Changed()


@router.get("/me/tokens")
async def list_own_tokens(request: Request, user: Reader) -> list[TokenAnswer]:
    """One's own tokens that are taken now, newest first."""
    return [TokenAnswer.model_validate(one) for one in await office_of(request).access.tokens.valid(user.name)]


@router.post("/me/tokens")
async def make_token(request: Request, me: Oneself, asked: NewToken) -> MadeToken:
    """Makes a token of one's own; it ends no later than the one that asks for it."""
    made = await deeds.make_token(
        office_of(request), me.user, asked.name, days=asked.days, read_only=asked.read_only, no_later_than=me.ends_at
    )
    return MadeToken(token=made)


@router.post("/me/tokens/{token_id}/revoke")
async def revoke_own_token(request: Request, me: Oneself, token_id: Piece) -> Changed:
    """Takes one of one's own tokens away."""
    await deeds.revoke_own_token(office_of(request), me.user, token_id)
    return Changed()


@router.get("/users")
async def list_users(request: Request, _: AdminReader) -> list[UserAnswer]:
    """Every user by name, those who are locked too."""
    return [UserAnswer.of(one) for one in await office_of(request).access.users.all()]


@router.post("/users")
async def add_user(request: Request, user: Admin, asked: NewUser) -> UserAnswer:
    """Adds a user."""
    added = await deeds.add_user(office_of(request), user, asked.name, asked.role, asked.password or "")
    return UserAnswer.of(added)


@router.post("/users/{name}")
async def change_user(request: Request, user: Admin, name: Piece, asked: UserChange) -> UserAnswer:
    """Gives a user another role or password, locks or unlocks them; their sessions end."""
    changed = await deeds.change_user(
        office_of(request), user, name, role=asked.role, password=asked.password or "", locked=asked.locked
    )
    return UserAnswer.of(changed)


@router.get("/tokens")
async def list_tokens(request: Request, _: AdminReader) -> list[TokenAnswer]:
    """Everybody's tokens that are taken now, newest first."""
    return [TokenAnswer.model_validate(one) for one in await office_of(request).access.tokens.valid()]


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(request: Request, user: Admin, token_id: Piece) -> Changed:
    """Takes anybody's token away."""
    await deeds.revoke_token(office_of(request), user, token_id)
    return Changed()
