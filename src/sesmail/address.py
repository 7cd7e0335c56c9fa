"""Parses and validates mail addresses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from .arguments import described
from .encoded_word import has_encoded_word
from .errors import InvalidMessageError
from .patterns import lazy_pattern
from .values import Value

__all__ = ["Address", "as_address", "find_control", "find_spoof", "phrase", "quoted"]

# C0, DEL, C1 and lone surrogates, which no header may contain.
_CONTROLS = lazy_pattern("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# No nested repetition: matching is linear.
_PLAIN = lazy_pattern(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_USUAL = lazy_pattern(
    r"[\w!#$%&'*+/=^`{|}~-]+(?:\.[\w!#$%&'*+/=^`{|}~-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}",
    re.ASCII,
)  # without the "?" of encoded-words
_QUOTED_NAME = lazy_pattern(r'"((?:[^"\\]|\\.)*)" *')
# https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
_QUOTED_LOCAL = lazy_pattern(r'"(?:[ !#-\[\]-~]|\\[ -~])+"')
_QUOTED_ADDRESS = lazy_pattern(r'<("(?:[^"\\]|\\.)*"@[^<>"@]*)\Z')
_ATEXT = lazy_pattern(r"[\w.!#$%&'*+/=?^`{|}~-]+", re.ASCII)
_NAME_SPECIALS = lazy_pattern(r'[()<>\[\]:;@\\,"]')
_LABEL = lazy_pattern(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_ATOMS = lazy_pattern(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

_WIDE_DOTS = "\u3002\uff0e\uff61"
# Line separators and bidirectional formatting characters, which change how a name is displayed:
# https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
_SPOOFS = lazy_pattern("[\u2028-\u202e\u2066-\u2069]")

_MAX_LOCAL = 64
_MAX_LABEL = 63
_MAX_DOMAIN = 253
_MAX_NAME = 320


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Address(Value):
    """One mailbox: a bare address and a display name.

    The domain is converted to the form that SES requires, in lower case and as IDNA 2008 A-labels
    (``bücher.de`` becomes ``xn--bcher-kva.de``). A domain that is ASCII is only converted to lower
    case. The local part is unchanged and has to be ASCII: SES doesn't support SMTPUTF8. A local
    part with two dots in a row or with special characters is in double quotes, such as
    ``"a..b"@example.co.jp``: https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2

    Args:
        email: The bare address, with at most 64 characters before the ``@`` and 253 after it.
        name: The display name, at most 320 characters and no control characters; None without one.

    Raises:
        InvalidMessageError: The address or the name is invalid.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
    """

    email: str
    name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.email, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _invalid(f"email must be text, not {described(self.email)}")
        # Up to 64 characters exceed none of the limits, and these are normalised already.
        if len(self.email) > _MAX_LOCAL or _USUAL.fullmatch(self.email) is None:
            object.__setattr__(self, "email", _normalised(self.email))
        if self.name is not None:
            _check_name(self.name)
            object.__setattr__(self, "name", self.name.strip(" ") or None)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Returns the Address of a text.

        The text is one of ``a@b.example``, ``<a@b.example>``, ``Name <a@b.example>`` and
        ``"Name" <a@b.example>``. Comments, groups, routes and lists are refused. A name with ``,``
        ``;`` ``:`` ``@`` or brackets has to be in double quotes, or an argument of ``Address``.

        Raises:
            InvalidMessageError: The text isn't one mailbox.
        """
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _invalid(f"text must be text, not {described(text)}")
        text = text.strip(" ")
        if not text.endswith(">"):
            return cls(text)
        head, email = _split_mailbox(text[:-1])
        if head.startswith('"'):
            quoted = _QUOTED_NAME.fullmatch(head)
            if quoted is None:
                raise _invalid("the quoted name isn't closed properly before '<'")
            return cls(email, re.sub(r"\\(.)", r"\1", quoted[1]))
        if _NAME_SPECIALS.search(head):
            raise _invalid(
                'write one mailbox; put a name that has any of ()<>[]:;@\\," in double quotes, '
                "or use Address(email, name)"
            )
        return cls(email, head)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let fields of pydantic models be an Address; they accept text, and are text in JSON."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            as_address,
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Describe an Address in JSON schemas as text."""
        return {"type": "string"}

    def __str__(self) -> str:
        """Returns the text that ``parse`` reads as an equal Address."""
        if self.name is None:
            return self.email
        return (
            f"{quoted(self.name) if _NAME_SPECIALS.search(self.name) else self.name} <{self.email}>"
        )


def _split_mailbox(text: str) -> tuple[str, str]:
    """Splits a mailbox, given without its final ``>``, into the name and the bare address."""
    if quoted := _QUOTED_ADDRESS.search(text):  # a quoted local part may contain "<"
        return text[: quoted.start()].strip(" "), quoted[1]
    head, bracket, email = text.rpartition("<")
    if not bracket:
        raise _invalid("it has a '>' without a '<'")
    return head.strip(" "), email


def as_address(value: object) -> Address:
    """Returns the Address for a value of a model's field."""
    if type(value) is Address:
        return value
    if isinstance(value, Address):  # a subclass, whose attributes may be anything
        return Address(value.email, value.name)
    if isinstance(value, str):
        return Address.parse(value)
    raise ValueError("pass one address: text such as 'Name <user@example.com>', or an Address")


def phrase(name: str) -> str:
    """Returns an ASCII display name as an RFC 5322 phrase, in double quotes if needed."""
    return name if _ATOMS.fullmatch(name) else quoted(name)


def quoted(text: str) -> str:
    """Returns text as an RFC 5322 quoted-string or a MIME parameter value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def find_control(text: str) -> str | None:
    """Returns a description of the first control character or lone surrogate; None without one."""
    if text.isprintable():  # as none of them is
        return None
    found = _CONTROLS.search(text)
    return (
        f"U+{ord(found[0]):04X} at position {found.start()}; remove control characters"
        if found
        else None
    )


def find_spoof(name: str) -> str | None:
    """Returns a description of the first character that may not be in a name; None without one."""
    if name.isprintable():  # as none of these characters is
        return None
    found = _CONTROLS.search(name) or _SPOOFS.search(name)
    return (
        f"U+{ord(found[0]):04X} at position {found.start()}; remove control characters"
        if found
        else None
    )


def _check_name(name: str) -> None:
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _invalid(f"name must be text, not {described(name)}")
    if spoof := find_spoof(name):
        raise _invalid(f"the name has {spoof}")
    if len(name) > _MAX_NAME:
        raise _invalid(
            f"the name is longer than {_MAX_NAME} characters", limit=_MAX_NAME, actual=len(name)
        )


def _normalised(email: str) -> str:
    """Returns the bare address with its domain in lower-case A-labels.

    Raises:
        InvalidMessageError: The address is invalid.
    """
    local, at, domain = email.rpartition("@")
    is_quoted = _QUOTED_LOCAL.fullmatch(local) is not None
    if _PLAIN.fullmatch(email) is None:
        if not at:
            raise _invalid("it has no '@'")
        if not is_quoted:
            if "<" in email:
                raise _invalid("use Address.parse for text with a name and an address")
            if "," in email or (";" in email and ":" not in email):
                raise _invalid("it has several mailboxes; pass a list of texts")
        _check_local(local, is_quoted)
        domain = _ascii_domain(domain)
    domain = domain.lower()
    if not is_quoted and (".." in local or local[0] == "." or local[-1] == "."):
        raise _invalid(
            "the part before '@' may not begin or end with a dot, or have two in a row; "
            'put it in double quotes, as in "a..b"@example.com'
        )
    if has_encoded_word(local):
        # Other readers decode it, and see another address.
        raise _invalid("the part before '@' may not have an encoded-word (=?...?=)")
    _check_domain(domain)
    return f"{local}@{domain}"


def _check_local(local: str, is_quoted: bool) -> None:
    if not local:
        raise _invalid("the part before '@' is missing")
    if len(local) > _MAX_LOCAL:
        raise _invalid(
            f"the part before '@' has more than {_MAX_LOCAL} characters",
            limit=_MAX_LOCAL,
            actual=len(local),
        )
    if not local.isascii():
        raise _invalid(
            "the part before '@' has to be ASCII: SES doesn't support internationalised local parts"
        )
    if not is_quoted and _ATEXT.fullmatch(local) is None:
        raise _invalid(
            "the part before '@' has a character that isn't allowed; pass one mailbox, without "
            "comments and spaces, or with all of that part in double quotes"
        )


def _ascii_domain(domain: str) -> str:
    """Returns a domain in IDNA 2008, without mappings from one domain to another.

    https://www.rfc-editor.org/rfc/rfc5895
    """
    if len(domain) > _MAX_DOMAIN:  # before idna, whose cost grows faster than the length
        raise _invalid(
            f"the domain has more than {_MAX_DOMAIN} characters",
            limit=_MAX_DOMAIN,
            actual=len(domain),
        )
    if domain.isascii():
        return domain
    for character in domain:
        if character in _WIDE_DOTS or (not character.isascii() and _folded(character).isascii()):
            raise _invalid(
                f"the domain has U+{ord(character):04X}, which looks like an ASCII character; "
                "replace it by the ASCII character"
            )
    import idna  # a dependency of anyio; imported only for non-ASCII domains

    try:
        return idna.encode(_folded(domain)).decode("ascii")
    except idna.IDNAError as err:
        raise _invalid(
            "the domain isn't a valid internationalised domain name (IDNA 2008)"
        ) from err


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


def _check_domain(domain: str) -> None:
    if len(domain) > _MAX_DOMAIN:
        raise _invalid(
            f"the domain has more than {_MAX_DOMAIN} characters",
            limit=_MAX_DOMAIN,
            actual=len(domain),
        )
    labels = domain.split(".")
    if len(labels) < 2:
        raise _invalid("the domain has to have a dot, as in example.com")
    for label in labels:
        if len(label) > _MAX_LABEL:
            raise _invalid(
                f"a part of the domain has more than {_MAX_LABEL} characters",
                limit=_MAX_LABEL,
                actual=len(label),
            )
        if _LABEL.fullmatch(label) is None:
            raise _invalid(
                "the domain may have only letters, digits and dots, and hyphens inside of its parts"
            )
    if labels[-1].isdigit():
        raise _invalid("the domain has to be a name, not an IP address")


def _invalid(
    message: str, *, limit: int | None = None, actual: int | None = None
) -> InvalidMessageError:
    return InvalidMessageError(message, field="address", limit=limit, actual=actual)
