"""A role whose temporary credentials are fetched from AWS STS, and renewed before they expire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..arguments import described
from ..errors import ConfigurationError
from ..patterns import lazy_pattern
from ..values import Value

__all__ = ["Role", "check_role_parameters"]

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_ARN = lazy_pattern(r"arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/[\x21-\x7e]+")
_EXTERNAL_ID = lazy_pattern(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
_NAME = lazy_pattern(r"[A-Za-z0-9_+=,.@-]{2,64}")
_SESSION_NAME = "sesmail"
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Role(Value):
    """A role to assume.

    Attributes:
        arn: ARN of the role.
        external_id: External id that the role's trust policy asks for.

    Raises:
        ConfigurationError: The ARN or the external id is invalid.
    """

    arn: str
    external_id: str | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.arn, str) and _ARN.fullmatch(self.arn)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                "role_arn must be like arn:aws:iam::111122223333:role/NAME, "
                f"not {'another text' if isinstance(self.arn, str) else described(self.arn)}"  # pyright: ignore[reportUnnecessaryIsInstance]
            )
        if self.external_id is not None and not (
            isinstance(self.external_id, str) and _EXTERNAL_ID.fullmatch(self.external_id)  # pyright: ignore[reportUnnecessaryIsInstance]
        ):
            raise ConfigurationError(
                "external_id must be 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -, "
                f"not {described(self.external_id)}"
            )

    def without_keys(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Returns parameters of ``create_client`` without the keys that assume the role."""
        return {name: value for name, value in params.items() if name not in _KEYS}

    def install(self, session: Any, params: Mapping[str, Any]) -> None:
        """Let a session use the credentials of the role.

        Args:
            session: aiobotocore's session, whose own credentials assume the role.
            params: Parameters of ``create_client``, whose keys assume the role if there are any.
        """
        resolver = _RoleResolver(self, session, params)
        session.register_component("credential_provider", resolver)


# By the parameter of STS: the setting, its pattern, and a description of that.
_PARAMETERS = {
    "RoleArn": (
        "role_arn (AWS_ROLE_ARN or the AWS profile)",
        _ARN,
        "like arn:aws:iam::111122223333:role/NAME",
    ),
    "RoleSessionName": (
        "role_session_name (AWS_ROLE_SESSION_NAME or the AWS profile)",
        _NAME,
        "2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -",
    ),
    "ExternalId": (
        "external_id (the AWS profile)",
        _EXTERNAL_ID,
        "2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -",
    ),
}


def check_role_parameters(params: Mapping[str, Any]) -> None:
    """Check the parameters of a call of STS, before a request.

    Raises:
        ConfigurationError: A setting of a role is invalid.
    """
    for name, (setting, pattern, expected) in _PARAMETERS.items():
        value: object = params.get(name)
        if isinstance(value, str) and pattern.fullmatch(value) is None:
            raise ConfigurationError(f"{setting} must be {expected}")


class _RoleResolver:
    """Replaces the credentials chain of a session by one that ends in a role."""

    def __init__(self, role: Role, session: Any, params: Mapping[str, Any]) -> None:
        self._role = role
        self._session = session
        self._params = params
        self._chain = session.get_component("credential_provider")

    async def load_credentials(self) -> Any:
        """Returns credentials that are renewed before they expire; None without any to begin."""
        from aiobotocore import credentials
        from aiobotocore.credentials import AioAssumeRoleCredentialFetcher

        source = await self._source()
        if source is None:
            return None
        extra = {"RoleSessionName": _SESSION_NAME}
        if self._role.external_id is not None:
            extra["ExternalId"] = self._role.external_id
        fetcher = AioAssumeRoleCredentialFetcher(
            self._create_client, source, self._role.arn, extra_args=extra
        )
        # Their lock works on asyncio and trio.
        kind: Any = getattr(credentials, "AnyioDeferredRefreshableCredentials")  # noqa: B009
        return kind(fetcher.fetch_credentials, "assume-role")

    async def _source(self) -> Any:
        from aiobotocore.credentials import AioCredentials

        from .credentials import check_static

        access_key, secret_key, token = (self._params.get(name) for name in _KEYS[:3])
        if access_key and secret_key:
            return AioCredentials(access_key, secret_key, token)
        found = await self._chain.load_credentials()
        check_static(found)
        return found

    def _create_client(self, service: str, **options: Any) -> Any:
        if "verify" in self._params:
            options["verify"] = self._params["verify"]
        return self._session.create_client(service, **options)
