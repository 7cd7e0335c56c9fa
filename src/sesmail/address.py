"""Mail addresses: as people write them, as SES wants them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from .encoded_word import has_encoded_word
from .errors import InvalidMessageError

__all__ = ["Address", "as_address", "found_control", "found_spoof", "phrase", "quoted"]

# C0, DEL, C1 and lone surrogates: nothing of these may come near a header.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# One alternative a mailbox form, no nested repetition: matching is linear.
_PLAIN = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_USUAL = re.compile(
    r"[\w!#$%&'*+/=^`{|}~-]+(?:\.[\w!#$%&'*+/=^`{|}~-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}",
    re.ASCII,
)  # without the "?" of encoded-words
_QUOTED_NAME = re.compile(r'"((?:[^"\\]|\\.)*)" *')
# https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
_QUOTED_LOCAL = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])+"')
_QUOTED_ADDRESS = re.compile(r'<("(?:[^"\\]|\\.)*"@[^<>"@]*)\Z')
_ATEXT = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+", re.ASCII)
_NAME_SPECIALS = re.compile(r'[()<>\[\]:;@\\,"]')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")

_WIDE_DOTS = "\u3002\uff0e\uff61"
# Line separators and bidi embeddings, overrides and isolates: they make a name read as what it isn't.
_SPOOFS = re.compile("[\u2028-\u202e\u2066-\u2069]")

_MAX_LOCAL = 64
_MAX_LABEL = 63
_MAX_DOMAIN = 253
_MAX_NAME = 320


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: a bare address and, apart from it, the name to show.

    The domain is kept as SES wants it, in lower case and as IDNA 2008 A-labels (``bücher.de`` becomes
    ``xn--bcher-kva.de``); the local part stays as given and has to be ASCII, because SES has no SMTPUTF8. A local
    part with characters or dots that need it is in double quotes (RFC 5321, section 4.1.2), as in addresses of
    Japanese carriers: ``"a..b"@example.co.jp``. Domains that are ASCII are not changed by IDNA: registries have
    ``xn--`` names that IDNA 2008 does not allow.

    Args:
        email: The bare address, at most 64 characters before the ``@`` and 253 after it.
        name: The display name, any characters but controls, at most 320.

    Raises:
        InvalidMessageError: The address or the name can't be one; the text says why.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
    """

    email: str
    name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.email, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _invalid(f"an address is text or an Address, not {type(self.email).__name__}")
        # Up to 64 characters can break none of the limits, and these need no other spelling.
        if len(self.email) > _MAX_LOCAL or _USUAL.fullmatch(self.email) is None:
            object.__setattr__(self, "email", _normalised(self.email))
        if self.name is not None:
            _check_name(self.name)
            object.__setattr__(self, "name", self.name.strip(" ") or None)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read one mailbox: ``a@b.example``, ``<a@b.example>``, ``Name <a@b.example>``, ``"Name" <a@b.example>``.

        Comments, groups, routes and lists are refused; for a name with ``,`` ``;`` ``:`` ``@`` or brackets put it in
        double quotes or use ``Address(email, name)``.

        Raises:
            InvalidMessageError: The text isn't one mailbox.
        """
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
        """An Address as a field of a pydantic model, which takes text, too, and is text in JSON."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            as_address,
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """In JSON schemas an Address is text."""
        return {"type": "string"}

    def __str__(self) -> str:
        """The mailbox as people write it, which ``parse`` reads back to an equal Address."""
        if self.name is None:
            return self.email
        return (
            f"{quoted(self.name) if _NAME_SPECIALS.search(self.name) else self.name} <{self.email}>"
        )


def _split_mailbox(text: str) -> tuple[str, str]:
    """The name and the bare address of a mailbox, given without its last character, the ``>``."""
    if quoted := _QUOTED_ADDRESS.search(text):  # which may have a "<" of its own
        return text[: quoted.start()].strip(" "), quoted[1]
    head, bracket, email = text.rpartition("<")
    if not bracket:
        raise _invalid("there is a '>' without a '<'")
    return head.strip(" "), email


def as_address(value: object) -> Address:
    """What a model's field may be given for an Address."""
    if isinstance(value, Address):
        return value
    if isinstance(value, str):
        return Address.parse(value)
    raise ValueError("give one address: text such as 'Name <user@example.com>', or an Address")


def phrase(name: str) -> str:
    """An ASCII display name as RFC 5322 wants it before ``<``: plain where it can be, in double quotes otherwise."""
    return name if _ATOMS.fullmatch(name) else quoted(name)


def quoted(text: str) -> str:
    """Text as an RFC 5322 quoted-string or a MIME parameter value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def found_control(text: str) -> str | None:
    """Which control character or lone surrogate text has, in words; None if it has none."""
    found = _CONTROLS.search(text)
    return (
        f"U+{ord(found[0]):04X} at position {found.start()}; remove control characters"
        if found
        else None
    )


def found_spoof(name: str) -> str | None:
    """Which control character, or character that hides what a name is, it has, in words; None if it has none."""
    if name.isprintable():  # which none of these is
        return None
    found = _CONTROLS.search(name) or _SPOOFS.search(name)
    return (
        f"U+{ord(found[0]):04X} at position {found.start()}; remove control characters"
        if found
        else None
    )


def _check_name(name: str) -> None:
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _invalid(f"a name is text, not {type(name).__name__}")
    if spoof := found_spoof(name):
        raise _invalid(f"the name has {spoof}")
    if len(name) > _MAX_NAME:
        raise _invalid(
            f"the name is longer than {_MAX_NAME} characters", limit=_MAX_NAME, actual=len(name)
        )


def _normalised(email: str) -> str:
    """The bare address with its domain in lower-case A-labels, or a refusal that says why."""
    local, at, domain = email.rpartition("@")
    is_quoted = _QUOTED_LOCAL.fullmatch(local) is not None
    if _PLAIN.fullmatch(email) is None:
        if not at:
            raise _invalid("there is no '@' in it")
        if not is_quoted:
            if "<" in email:
                raise _invalid("for a name and an address in one text use Address.parse")
            if "," in email or (";" in email and ":" not in email):
                raise _invalid("one text is one mailbox; give a list for several")
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
        raise _invalid("there is nothing before the '@'")
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
            "the part before '@' has a character that an address can't have; "
            "give one mailbox, without comments and spaces, or with all of that part in double quotes"
        )


def _ascii_domain(domain: str) -> str:
    """A domain by IDNA 2008, without the mappings that would quietly turn one domain into another."""
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
                f"the domain has U+{ord(character):04X}, which only looks like ASCII; write the ASCII one"
            )
    import idna  # comes with anyio; only non-ASCII domains pay for it

    try:
        return idna.encode(_folded(domain)).decode("ascii")
    except idna.IDNAError as err:
        raise _invalid(
            "the domain can't be written as an internationalised domain name (IDNA 2008)"
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
        raise _invalid("the domain needs a dot, as in example.com")
    for label in labels:
        if len(label) > _MAX_LABEL:
            raise _invalid(
                f"a part of the domain has more than {_MAX_LABEL} characters",
                limit=_MAX_LABEL,
                actual=len(label),
            )
        if _LABEL.fullmatch(label) is None:
            raise _invalid(
                "the domain may only have letters, digits, dots and hyphens inside of its parts"
            )
    if labels[-1].isdigit():
        raise _invalid("the domain has to be a name, not an IP address")


def _invalid(
    message: str, *, limit: int | None = None, actual: int | None = None
) -> InvalidMessageError:
    return InvalidMessageError(message, field="address", limit=limit, actual=actual)
