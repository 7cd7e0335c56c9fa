"""Fields of a message that are read from its event when they are accessed.

Few handlers use them, and reading them with each event would make parsing slower, and importing
what reads them would make the start slower.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ...values import FrozenDict, cached_property

__all__ = ["JsonText", "ReportedHeaders", "ReportedSending"]


class JsonText:
    """A JSON object that is decoded when it is first read."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __eq__(self, other: object) -> bool:
        return self.document == other

    @cached_property
    def document(self) -> FrozenDict[str, Any]:
        """The object."""
        from ...strict import read_json

        return FrozenDict(read_json(self._text))


class _Raw:
    """Descriptor of ``raw``, which may be a `JsonText` in the ``__dict__`` of an event."""

    def __get__(self, event: object, owner: type) -> Any:
        if event is None:  # as without a descriptor; dataclass would read a default
            raise AttributeError(f"the class {owner.__name__} has no attribute raw")
        fields = vars(event)
        if type(fields["raw"]) is JsonText:
            fields["raw"] = fields["raw"].document
        return fields["raw"]

    def __set__(self, event: object, raw: Mapping[str, Any]) -> None:
        vars(event)["raw"] = raw


class ReportedHeaders:
    """Header fields that SES reports in ``raw``, of a sent or a received message."""

    raw: Mapping[str, Any] = cast("Any", _Raw())
    message_id: str

    def __init_subclass__(cls) -> None:
        # Without slots, orjson reads the fields of a dataclass from its __dict__, past descriptors:
        # https://github.com/ijl/orjson#dataclass
        cls.__slots__ = ()  # type: ignore[attr-defined]

    @property
    def subject(self) -> str | None:
        """Subject of the message, decoded; None if not reported."""
        from ...tagging import read_tag

        subject = self._header("subject", "subject")
        return None if subject is None else read_tag(subject)

    @property
    def from_(self) -> tuple[str, ...]:
        """Authors in the From field, each as SES writes it; empty if not reported."""
        return self._addresses("from")

    @property
    def to(self) -> tuple[str, ...]:
        """Recipients in the To field, each as SES writes it; empty if not reported.

        The message may have others: those that an event is about don't depend on the field.
        """
        return self._addresses("to")

    @property
    def rfc5322_message_id(self) -> str | None:
        """Message-ID field of the message, usually in angle brackets; None if not reported.

        It is the one that the message had when SES accepted it. SES replaces that of a sent
        message. If a message was sent without one, it is the one that SES wrote, as in
        ``SendResult.rfc5322_message_id``. ``message_id`` is another id, which SES issued.
        """
        from ...tagging import rfc5322_message_id

        found = self._header("messageId", "message-id")
        if found is not None and found != self.message_id:
            return found
        arn = _text(_mail(self.raw), "sourceArn") or ""
        region = arn.split(":")[
            3:4
        ]  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        return rfc5322_message_id(self.message_id, region[0]) if region and region[0] else None

    def _header(self, key: str, name: str) -> str | None:
        """Returns a field of the common headers, or of all headers."""
        mail = _mail(self.raw)
        found = _text(_mapping(mail, "commonHeaders"), key)
        if found is None:
            for header in _items(mail, "headers"):
                if (_text(header, "name") or "").lower() == name:
                    return _text(header, "value")
        return found

    def _addresses(self, key: str) -> tuple[str, ...]:
        found = _items(_mapping(_mail(self.raw), "commonHeaders"), key)
        return tuple([each for each in found if isinstance(each, str)])


class ReportedSending(ReportedHeaders):
    """Sender of a message, as SES reports it in ``raw`` or in its SES message tags."""

    message_tags: Mapping[str, tuple[str, ...]] | None

    @property
    def source_arn(self) -> str | None:
        """ARN of the identity that the message was sent from; None if not reported."""
        return _text(_mail(self.raw), "sourceArn")

    @property
    def sending_account(self) -> str | None:
        """Id of the AWS account that sent the message; None if not reported."""
        return _text(_mail(self.raw), "sendingAccountId")

    @property
    def caller_identity(self) -> str | None:
        """IAM identity that sent the message; None if not reported."""
        return self._field_or_tag("callerIdentity", "ses:caller-identity")

    @property
    def source_ip(self) -> str | None:
        """IP address that the message was sent to SES from; None if not reported."""
        return self._field_or_tag("sourceIp", "ses:source-ip")

    def _field_or_tag(self, key: str, tag: str) -> str | None:
        """Returns a field of a notification, or the message tag that a published event has."""
        found = _text(_mail(self.raw), key)
        if found is None and self.message_tags is not None:
            return next(iter(self.message_tags.get(tag, ())), None)
        return found


def _mail(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(raw, "mail")


def _mapping(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _items(parent: Mapping[str, Any], key: str) -> list[Any] | tuple[Any, ...]:
    value = parent.get(key)
    return cast("list[Any]", value) if isinstance(value, (list, tuple)) else ()


def _text(parent: object, key: str) -> str | None:
    value = cast("Mapping[str, Any]", parent).get(key) if isinstance(parent, Mapping) else None
    return value if isinstance(value, str) else None
