"""Sign-in by the company's identity provider with OpenID Connect: authorization code, PKCE, state and nonce."""
