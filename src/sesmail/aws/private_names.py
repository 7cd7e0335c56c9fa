"""Names of aiobotocore, botocore, aiohttp and httpx that ``aws`` depends on; checked at opening."""

from __future__ import annotations

from ..private_names import PrivateName

__all__ = ["AIOBOTOCORE", "AIOHTTP", "HTTPX"]

_AIOBOTOCORE = "https://github.com/aio-libs/aiobotocore/blob/3.10.0/aiobotocore"
_AIOHTTP = "https://github.com/aio-libs/aiohttp/blob/v3.14.5/aiohttp"
_BOTOCORE = "https://github.com/boto/botocore/blob/1.43.117/botocore"
_CPYTHON = "https://github.com/python/cpython/blob/v3.11.7/Lib"
_H11 = "https://github.com/python-hyper/h11/blob/v0.16.0/h11"
_HTTPX = "https://github.com/pydantic/httpx2/blob/main/src"


def _tls_files(owner: str, url: str, build: str) -> tuple[PrivateName, ...]:
    """Returns the names with which a session of aiobotocore loads its TLS files."""
    settings = (
        *("_cert_file", "_connector_args", "_key_file", "_max_pool_connections", "_proxy_config"),
        "_verify",
    )
    lines = url.partition("#")[0]
    return (
        *(PrivateName("aiobotocore", f"{owner}.__init__", url, assigned=name) for name in settings),
        PrivateName("aiobotocore", f"{owner}._build_ssl_contexts", f"{lines}#{build}"),
        PrivateName(
            "botocore", "ProxyConfiguration.settings", f"{_BOTOCORE}/httpsession.py#L262", property
        ),
    )


# Of an open client: for the fast path, and to detect code that hooks into calls.
AIOBOTOCORE = (
    *(
        PrivateName("aiobotocore", f"client.{name}", f"{_AIOBOTOCORE}/{line}")
        for name, line in {
            "_convert_to_request_dict": "client.py#L468",
            "_emit_api_params": "client.py#L496",
            "_make_api_call": "client.py#L354",
            "_make_request": "client.py#L453",
            "_resolve_endpoint_ruleset": "client.py#L521",
            "_endpoint._do_get_response": "endpoint.py#L183",
            "_endpoint._get_response": "endpoint.py#L155",
            "_endpoint._needs_retry": "endpoint.py#L272",
            "_endpoint._send": "endpoint.py#L307",
            "_endpoint._send_request": "endpoint.py#L114",
            "_endpoint.create_request": "endpoint.py#L95",
            "_request_signer.handler": "signers.py#L21",
            "_request_signer.sign": "signers.py#L28",
        }.items()
    ),
    PrivateName("botocore", "client._endpoint.make_request", f"{_BOTOCORE}/endpoint.py#L113"),
    PrivateName("botocore", "client._endpoint.prepare_request", f"{_BOTOCORE}/endpoint.py#L146"),
    PrivateName("botocore", "client._endpoint.http_session.send", f"{_BOTOCORE}/endpoint.py#L103"),
    PrivateName(
        "botocore",
        "client.meta.events._emitter._handlers.prefix_search",
        f"{_BOTOCORE}/hooks.py#L556",
    ),
    PrivateName(
        "botocore", "client.meta.events._emitter._lookup_cache", f"{_BOTOCORE}/hooks.py#L199", dict
    ),
    PrivateName(
        "botocore", "client._request_signer._credentials", f"{_BOTOCORE}/signers.py#L84", object
    ),
    PrivateName(
        "botocore", "ValidationErrors.__init__", f"{_BOTOCORE}/validate.py#L92", assigned="_errors"
    ),
    PrivateName(
        "botocore",
        "AssumeRoleProvider.__init__",
        f"{_BOTOCORE}/credentials.py#L1615",
        assigned="_prompter",
    ),
)

# Of the aiohttp session: to follow no redirect, to keep no cookies, to reuse no connection with
# unread data, and to load TLS files outside of the default executor.
AIOHTTP = (
    *_tls_files("AIOHTTPSession", f"{_AIOBOTOCORE}/httpsession.py#L67", "L197"),
    PrivateName(
        "aiobotocore",
        "AIOHTTPSession._create_connector",
        f"{_AIOBOTOCORE}/httpsession.py#L213",
    ),
    PrivateName(
        "aiobotocore", "AIOHTTPSession._get_session", f"{_AIOBOTOCORE}/httpsession.py#L231"
    ),
    PrivateName(
        "aiobotocore",
        "httpsession._ProxySSLTCPConnector",
        f"{_AIOBOTOCORE}/httpsession.py#L49",
        type,
    ),
    PrivateName(
        "botocore", "session._proxy_config.proxy_url_for", f"{_BOTOCORE}/httpsession.py#L244"
    ),
    PrivateName(
        "botocore", "session._proxy_config.proxy_headers_for", f"{_BOTOCORE}/httpsession.py#L252"
    ),
    PrivateName(
        "aiohttp",
        "ClientResponse.start",
        f"{_AIOHTTP}/client_reqrep.py#L737",
        assigned="_protocol",
    ),
    PrivateName(
        "aiohttp", "ClientSession.__init__", f"{_AIOHTTP}/client.py#L444", assigned="_cookie_jar"
    ),
    PrivateName("aiohttp", "TCPConnector._close", f"{_AIOHTTP}/connector.py#L1059"),
    PrivateName("aiohttp", "TCPConnector.connect", f"{_AIOHTTP}/connector.py#L631"),
    PrivateName(
        "aiohttp", "BaseConnector.__init__", f"{_AIOHTTP}/connector.py#L334", assigned="_factory"
    ),
    PrivateName(
        "aiohttp", "BaseConnector.__init__", f"{_AIOHTTP}/connector.py#L333", assigned="_loop"
    ),
    PrivateName("aiohttp", "Connection.protocol", f"{_AIOHTTP}/connector.py#L185", property),
    PrivateName("aiohttp", "ResponseHandler.data_received", f"{_AIOHTTP}/client_proto.py#L316"),
    PrivateName("aiohttp", "ResponseHandler.feed_data", f"{_AIOHTTP}/streams.py#L699"),
    PrivateName("aiohttp", "ResponseHandler.force_close", f"{_AIOHTTP}/client_proto.py#L87"),
    PrivateName("aiohttp", "ResponseHandler.is_connected", f"{_AIOHTTP}/client_proto.py#L108"),
    PrivateName("aiohttp", "ResponseHandler.set_exception", f"{_AIOHTTP}/client_proto.py#L217"),
    PrivateName(
        "aiohttp",
        "ResponseHandler.set_response_params",
        f"{_AIOHTTP}/client_proto.py#L245",
        assigned="_parser",
    ),
    PrivateName(
        "aiohttp", "ResponseHandler.should_close", f"{_AIOHTTP}/client_proto.py#L76", property
    ),
    PrivateName("aiohttp", "StreamWriter.transport", f"{_AIOHTTP}/http_writer.py#L82", property),
    PrivateName(
        "python",
        "_SSLProtocolTransport.__init__",
        f"{_CPYTHON}/asyncio/sslproto.py#L86",
        assigned="_ssl_protocol",
    ),
    PrivateName(
        "python",
        "SSLProtocol.connection_made",
        f"{_CPYTHON}/asyncio/sslproto.py#L384",
        assigned="_transport",
    ),
)

# Of the httpx session: to connect, to keep no cookies, and to reuse no connection with unread data.
HTTPX = (
    *_tls_files("HttpxSession", f"{_AIOBOTOCORE}/httpxsession.py#L114", "L279"),
    PrivateName("aiobotocore", "HttpxSession._get_session", f"{_AIOBOTOCORE}/httpxsession.py#L383"),
    PrivateName(
        "aiobotocore", "HttpxSession._make_async_client", f"{_AIOBOTOCORE}/httpxsession.py#L350"
    ),
    *(
        PrivateName(
            "aiobotocore",
            "HttpxSession.__aenter__",
            f"{_AIOBOTOCORE}/httpxsession.py#L297",
            assigned=name,
        )
        for name in (
            "_entered",
            "_exit_stack",
            "_limits",
            "_proxy_ssl_contexts",
            "_proxy_urls",
            "_session",
            "_session_lock",
        )
    ),
    PrivateName("httpx2", "client._mounts", f"{_HTTPX}/httpx2/httpx2/_client.py", dict),
    PrivateName(
        "httpx2",
        "client._transport._pool.create_connection",
        f"{_HTTPX}/httpx2/httpx2/_transports/default.py",
    ),
    PrivateName(
        "httpcore2",
        "client._transport._pool._network_backend.connect_tcp",
        f"{_HTTPX}/httpcore2/httpcore2/_async/connection_pool.py",
    ),
    PrivateName(
        "httpcore2",
        "connection._connection",
        f"{_HTTPX}/httpcore2/httpcore2/_async/connection.py",
        object,
    ),
    PrivateName(
        "httpcore2",
        "connection.has_expired",
        f"{_HTTPX}/httpcore2/httpcore2/_async/connection.py",
    ),
    PrivateName(
        "httpcore2",
        "http11._h11_state",
        f"{_HTTPX}/httpcore2/httpcore2/_async/http11.py",
        object,
    ),
    PrivateName("h11", "http11._h11_state.trailing_data", f"{_H11}/_connection.py#L354", tuple),
)
