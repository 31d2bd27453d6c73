"""Sign-in at the company's identity provider: by a link, because a form may not lead to another site."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from weighbridge.access.oidc.attempt import Attempt
from weighbridge.access.oidc.provider import AuthorizationResponse, ProviderDown
from weighbridge.access.oidc.sign_in import ProviderSignIn, RefusalReason, SignInRefused
from weighbridge.access.sign_in import SignInAccepted
from weighbridge.app.context import AppContext, app_context_of
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import cookie_name, local_path
from weighbridge.web.console.pages.sign_in import sign_in_page, signed_in_redirect
from weighbridge.web.console.templating import format_duration

router = APIRouter()
ATTEMPT_SECONDS = 900
"""How long a user may take at the provider."""
CALLBACK_PATH = "/sign-in/provider/callback"
ProviderText = Annotated[str, Query(max_length=4000)]
STATUS = {RefusalReason.WAIT: 429, RefusalReason.DOWN: 503}
MESSAGES = {
    RefusalReason.WAIT: "Too many tries. Wait {wait}, then try again.",
    RefusalReason.STALE: "This answer belongs to no attempt of this browser, or to one that is over. Sign in again.",
    RefusalReason.DECLINED: "The sign-in was cancelled at the provider.",
    RefusalReason.DOWN: "The sign-in service does not respond. Orders and stock continue. Try again in a minute.",
    RefusalReason.UNPROVEN: "The sign-in service's answer does not prove who you are. Sign in again, or ask an admin.",
    RefusalReason.NOT_ALLOWED: "The provider knows you, but you have no access here. An admin can change that.",
}


def attempt_cookie(app: AppContext) -> str:
    """The cookie with the secret of an attempt; not strict, because the provider's redirect must send it."""
    return f"{cookie_name(app)}-provider"


@router.get("/sign-in/provider")
async def redirect_to_provider(request: Request, to: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    app = app_context_of(request)
    provider_sign_in, attempt = _provider_sign_in(app), Attempt.new(local_path(to))
    try:
        address = await provider_sign_in.provider.authorization_url(attempt, _callback_url(request, app))
    except ProviderDown as problem:
        provider_sign_in.log_provider_down(problem)
        return await _refused(request, SignInRefused(RefusalReason.DOWN), attempt.return_path)
    response = RedirectResponse(address, 303)
    response.set_cookie(
        attempt_cookie(app), attempt.cookie, max_age=ATTEMPT_SECONDS, httponly=True, secure=app.is_secure,
        samesite="lax",
    )  # fmt: skip
    return response


@router.get(CALLBACK_PATH)
async def provider_callback(
    request: Request,
    code: ProviderText = "",
    state: ProviderText = "",
    error: ProviderText = "",
    iss: ProviderText = "",
) -> Response:
    app = app_context_of(request)
    attempt = Attempt.read(request.cookies.get(attempt_cookie(app), ""))
    address = request.client.host if request.client else ""
    returned = AuthorizationResponse(code, state, error, iss)
    outcome = await _provider_sign_in(app).finish(returned, attempt, _callback_url(request, app), address)
    to = local_path(attempt.return_path) if attempt is not None else "/"
    if isinstance(outcome, SignInAccepted):
        response: Response = signed_in_redirect(app, outcome, to)
    else:
        response = await _refused(request, outcome, to)
    response.delete_cookie(attempt_cookie(app), secure=app.is_secure, httponly=True, samesite="lax")
    return response


async def _refused(request: Request, refusal: SignInRefused, to: str) -> Response:
    message = MESSAGES[refusal.reason].format(wait=format_duration(refusal.wait))
    return await sign_in_page(request, to, message, status=STATUS.get(refusal.reason, 403), retry_after=refusal.wait)


def _provider_sign_in(app: AppContext) -> ProviderSignIn:
    if app.access.provider_sign_in is None:
        raise NotFound("Users sign in here with a name and a password.", "/sign-in", "Sign in")
    return app.access.provider_sign_in


def _callback_url(request: Request, app: AppContext) -> str:
    """The redirect URI that is registered at the provider."""
    return (app.installation.console.public_url or str(request.base_url).rstrip("/")) + CALLBACK_PATH
