"""Users and tokens through the API: admins manage all users, every user manages their own account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from weighbridge.access.roles import GRANTED, Role
from weighbridge.access.users import User
from weighbridge.app.context import app_context_of
from weighbridge.services import users as user_service
from weighbridge.web.api.auth import Admin, AdminReader, CurrentBearer, Oneself, Reader
from weighbridge.web.api.responses import RequestBody, ResponseModel, Short

router = APIRouter(tags=["users"])
PathText = Annotated[str, Path(max_length=300)]
Secret = Annotated[Short, Field(min_length=1, json_schema_extra={"format": "password"})]


class Me(BaseModel):
    """The user of the token."""

    name: str
    role: Role
    permissions: list[str]
    now: datetime
    """The installation's time, which decides about deadlines and snoozes."""


class UserResponse(BaseModel):
    """A user."""

    name: str
    role: Role
    created_at: datetime
    password_at: datetime | None
    """When the password was last set; null: the user signs in at the provider only."""
    disabled_at: datetime | None
    """When the user was locked."""

    @classmethod
    def of(cls, user: User) -> UserResponse:
        return cls(**{name: getattr(user, name) for name in cls.model_fields})


class NewUser(RequestBody):
    """A new user."""

    name: Short
    role: Role
    password: Secret | None = None
    """May be left out if users sign in at an identity provider."""


class UserChange(RequestBody):
    """Changes of a user; a field that is left out stays as it is."""

    role: Role | None = None
    password: Secret | None = None
    locked: bool | None = None


class PasswordChange(RequestBody):
    """The old and the new password of the token's user."""

    old: Secret
    new: Secret


class TokenResponse(ResponseModel):
    """A valid token without its secret, which was shown once."""

    id: str
    user: str
    name: str
    read_only: bool
    created_at: datetime
    used_at: datetime | None
    ends_at: datetime | None


class NewToken(RequestBody):
    """A new token."""

    name: Short
    days: int = Field(default=90, description=f"One of {', '.join(map(str, user_service.TOKEN_DAYS))}.")
    read_only: bool = True


class NewUserToken(RequestBody):
    """A new token of another user."""

    name: Short
    days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(default=None, description="Left out: it never expires.")
    read_only: bool = True


class MadeToken(BaseModel):
    """The secret of a new token, shown only now."""

    token: str


class Changed(BaseModel):
    """The change was made."""

    done: bool = True


@router.get("/me")
async def me(request: Request, user: Reader) -> Me:
    """The user of the token and their permissions."""
    return Me(
        name=user.name, role=user.role, permissions=sorted(GRANTED[user.role]), now=app_context_of(request).clock.now()
    )


@router.post("/me/password")
async def change_own_password(request: Request, me: Oneself, body: PasswordChange) -> Changed:
    """Changes the password of the token's user; sessions end, tokens stay."""
    address = request.client.host if request.client else ""
    await user_service.change_own_password(app_context_of(request), me.user, body.old, body.new, address)
    return Changed()


@router.get("/me/tokens")
async def list_own_tokens(request: Request, user: Reader) -> list[TokenResponse]:
    """The valid tokens of the token's user, newest first."""
    tokens = await app_context_of(request).access.tokens.valid(user.name)
    return [TokenResponse.model_validate(token) for token in tokens]


@router.post("/me/tokens")
async def make_token(request: Request, me: Oneself, body: NewToken) -> MadeToken:
    """Creates a token for the token's user; it ends no later than the token of the request."""
    secret = await user_service.make_token(
        app_context_of(request), me.user, body.name, days=body.days, read_only=body.read_only, no_later_than=me.ends_at
    )
    return MadeToken(token=secret)


@router.post("/me/tokens/{token_id}/revoke")
async def revoke_own_token(request: Request, me: Oneself, token_id: PathText) -> Changed:
    """Revokes a token of the token's user."""
    await user_service.revoke_own_token(app_context_of(request), me.user, token_id)
    return Changed()


@router.get("/users")
async def list_users(request: Request, _: AdminReader) -> list[UserResponse]:
    """Every user by name, locked ones included."""
    return [UserResponse.of(listed) for listed in await app_context_of(request).access.users.all()]


@router.post("/users")
async def add_user(request: Request, user: Admin, body: NewUser) -> UserResponse:
    """Adds a user."""
    added = await user_service.add_user(app_context_of(request), user, body.name, body.role, body.password or "")
    return UserResponse.of(added)


@router.post("/users/{name}")
async def change_user(request: Request, user: Admin, name: PathText, body: UserChange) -> UserResponse:
    """Changes a user's role or password, locks or unlocks the user; the user's sessions end."""
    changed = await user_service.change_user(
        app_context_of(request), user, name, role=body.role, password=body.password or "", locked=body.locked
    )
    return UserResponse.of(changed)


@router.post("/users/{name}/unlink")
async def unlink_identity(request: Request, user: Admin, name: PathText) -> UserResponse:
    """Unlinks a user from the identity provider; the next account there with this name is linked to the user."""
    return UserResponse.of(await user_service.unlink_identity(app_context_of(request), user, name))


@router.post("/users/{name}/tokens")
async def make_user_token(
    request: Request, user: Admin, bearer: CurrentBearer, name: PathText, body: NewUserToken
) -> MadeToken:
    """Creates a token for a user; it ends no later than the token of the request."""
    secret = await user_service.make_token_of(
        app_context_of(request), user, name, body.name, days=body.days, read_only=body.read_only,
        no_later_than=bearer.ends_at,
    )  # fmt: skip
    return MadeToken(token=secret)


@router.get("/tokens")
async def list_tokens(request: Request, _: AdminReader) -> list[TokenResponse]:
    """The valid tokens of all users, newest first."""
    return [TokenResponse.model_validate(token) for token in await app_context_of(request).access.tokens.valid()]


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(request: Request, user: Admin, token_id: PathText) -> Changed:
    """Revokes a token of any user."""
    await user_service.revoke_token(app_context_of(request), user, token_id)
    return Changed()
