"""Addresses: accepted mailboxes, their normal form, and the errors of others."""

import contextlib
import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail import Address, InvalidMessageError
from sesmail.address import phrase, quoted
from support.hostile import CONTROLS, SPOOFS, SURROGATES

ACCEPTED = {
    "bare": ("user@example.com", "user@example.com", None),
    "upper-case domain": ("User@EXAMPLE.Com", "User@example.com", None),
    "upper-case local part stays": ("JOHN.DOE@example.com", "JOHN.DOE@example.com", None),
    "brackets": ("<user@example.com>", "user@example.com", None),
    "name": ("John Doe <user@example.com>", "user@example.com", "John Doe"),
    "name without a space": ("John<user@example.com>", "user@example.com", "John"),
    "outer spaces": ("   John   <user@example.com>   ", "user@example.com", "John"),
    "quoted name": ('"John Doe" <user@example.com>', "user@example.com", "John Doe"),
    "quoted name without a space": ('"John Doe"<user@example.com>', "user@example.com", "John Doe"),
    "comma in quotes": ('"Doe, John" <user@example.com>', "user@example.com", "Doe, John"),
    "at sign in quotes": ('"a@b.example" <user@example.com>', "user@example.com", "a@b.example"),
    "brackets in quotes": (
        '"<a@b.example>" <user@example.com>',
        "user@example.com",
        "<a@b.example>",
    ),
    "escaped quotes": (
        r'"John \"Joe\" Doe" <user@example.com>',
        "user@example.com",
        'John "Joe" Doe',
    ),
    "escaped backslash": (r'"a\\b" <user@example.com>', "user@example.com", r"a\b"),
    "needless escape": (r'"a\bc" <user@example.com>', "user@example.com", "abc"),
    "empty quotes": ('"" <user@example.com>', "user@example.com", None),
    "quoted spaces": ('"   " <user@example.com>', "user@example.com", None),
    "dot in a plain name": ("J. Doe <user@example.com>", "user@example.com", "J. Doe"),
    "apostrophe": ("O'Neil <o'neil@example.com>", "o'neil@example.com", "O'Neil"),
    "non-ASCII name": ("Zoë Müller <zoe@example.com>", "zoe@example.com", "Zoë Müller"),
    "emoji name": ("👩‍💻 <dev@example.com>", "dev@example.com", "👩‍💻"),
    "encoded-word stays literal": (
        "=?utf-8?q?x?= <user@example.com>",
        "user@example.com",
        "=?utf-8?q?x?=",
    ),
    "plus": ("user+tag@example.com", "user+tag@example.com", None),
    "every special that is allowed": (
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        None,
    ),
    "digits": ("1234567890@example.com", "1234567890@example.com", None),
    "one letter each": ("a@b.c", "a@b.c", None),
    "local part of 64": (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com", None),
    "label of 63": (f"user@{'a' * 63}.com", f"user@{'a' * 63}.com", None),
    "domain of 253": (
        f"user@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}",
        f"user@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}",
        None,
    ),
    "many labels": ("user@a.b.c.d.e.example.com", "user@a.b.c.d.e.example.com", None),
    "digits in the domain": ("user@123.example.com", "user@123.example.com", None),
    "hyphens in the domain": (
        "user@my-mail--server.example.com",
        "user@my-mail--server.example.com",
        None,
    ),
    "umlaut domain": ("user@bücher.de", "user@xn--bcher-kva.de", None),
    "upper-case umlaut": ("user@BÜCHER.de", "user@xn--bcher-kva.de", None),
    "decomposed umlaut": ("user@bu\u0308cher.de", "user@xn--bcher-kva.de", None),
    "sharp s isn't ss": ("user@straße.de", "user@xn--strae-oqa.de", None),
    "final sigma": ("user@βόλος.com", "user@xn--nxasmm1c.com", None),
    "Chinese": ("user@例子.测试", "user@xn--fsqu00a.xn--0zwm56d", None),
    "Arabic": ("user@مثال.إختبار", "user@xn--mgbh0fb.xn--kgbechtv", None),
    "joiner where the script needs it": (
        "user@\u0915\u094d\u200d\u0937.com",
        "user@xn--11b2ezcw70k.com",
        None,
    ),
    "non-joiner where the script needs it": (
        "user@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com",
        "user@xn--mgba3gch31f060k.com",
        None,
    ),
    "A-label": ("user@xn--bcher-kva.de", "user@xn--bcher-kva.de", None),
    "upper-case A-label": ("user@XN--BCHER-KVA.de", "user@xn--bcher-kva.de", None),
    "name and international domain": ("Zoë <zoe@bücher.de>", "zoe@xn--bcher-kva.de", "Zoë"),
}

REFUSED = {
    "nothing": ("", "no '@'"),
    "spaces alone": ("   ", "no '@'"),
    "no at sign": ("user.example.com", "no '@'"),
    "empty brackets": ("<>", "no '@'"),
    "name without an address": ("John <>", "no '@'"),
    "nothing before": ("@example.com", "is missing"),
    "nothing after": ("user@", "has to have a dot"),
    "two at signs": ("user@host@example.com", "character"),
    "space inside": ("us er@example.com", "character"),
    "space before the at sign": ("user @example.com", "character"),
    "space after the at sign": ("user@ example.com", "domain"),
    "space in brackets": ("John < user@example.com>", "character"),
    "leading dot": (".user@example.com", "dot"),
    "trailing dot": ("user.@example.com", "dot"),
    "two dots": ("us..er@example.com", "dot"),
    "quoted local part": ('"us er"@example.com', "character"),
    "quoted local part in brackets": ('John <"us er"@example.com>', "character"),
    "comment before": ("(comment)user@example.com", "character"),
    "comment after": ("user@example.com(comment)", "domain"),
    "comment for a name": ("(John) <user@example.com>", "double quotes"),
    "route": ("<@relay.example:user@example.com>", "character"),
    "group": ("Friends: user@example.com;", "one mailbox"),
    "empty group": ("undisclosed-recipients:;", "no '@'"),
    "colon in the local part": ("Friends:user@example.com", "character"),
    "group in a name": ("Friends: John <user@example.com>", "double quotes"),
    "two mailboxes": ("a@example.com, b@example.com", "pass a list"),
    "two mailboxes with brackets": ("A <a@example.com>, B <b@example.com>", "double quotes"),
    "two mailboxes with semicolons": ("a@example.com;b@example.com", "pass a list"),
    "address for a name": ("a@example.com <b@example.com>", "double quotes"),
    "brackets for a name": ("<a@example.com> <b@example.com>", "double quotes"),
    "comma in a name": ("Doe, John <user@example.com>", "double quotes"),
    "quotes not closed": ('"John <user@example.com>', "closed"),
    "quotes closed by an escape": (r'"John\" <user@example.com>', "closed"),
    "text after quotes": ('"John" Doe <user@example.com>', "quote"),
    "quotes within a name": ('John "Joe" Doe <user@example.com>', "double quotes"),
    "bracket not opened": ("user@example.com>", "without a '<'"),
    "bracket not closed": ("John <user@example.com", "Address.parse"),
    "text after the bracket": ("John <user@example.com> x", "Address.parse"),
    "two brackets": ("<<user@example.com>>", "double quotes"),
    "domain with brackets inside": ("user@example.com>, <evil@example.com", "Address.parse"),
    "local part of 65": (f"{'a' * 65}@example.com", "64"),
    "label of 64": (f"user@{'a' * 64}.com", "63"),
    "domain of 254": (f"user@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 62}", "253"),
    "international domain of 254": (f"user@{'ü.' * 126}de", "253"),
    "no dot in the domain": ("user@localhost", "dot"),
    "empty label": ("user@example..com", "domain"),
    "domain begins with a dot": ("user@.example.com", "domain"),
    "domain ends with a dot": ("user@example.com.", "domain"),
    "label begins with a hyphen": ("user@-example.com", "hyphens"),
    "label ends with a hyphen": ("user@example-.com", "hyphens"),
    "underscore in the domain": ("user@my_host.example.com", "letters, digits"),
    "colon in the domain": ("user@example.com:25", "letters, digits"),
    "slash in the domain": ("user@example.com/x", "letters, digits"),
    "IPv4 address": ("user@192.0.2.1", "IP address"),
    "IPv4 literal": ("user@[192.0.2.1]", "letters, digits"),
    "IPv6 literal": ("user@[IPv6:2001:db8::1]", "dot"),
    "non-ASCII local part": ("zoë@example.com", "ASCII"),
    "non-ASCII local part and domain": ("用户@例子.测试", "ASCII"),
    "full-width at sign": ("user\uff20example.com", "no '@'"),
    "full-width letters": ("user@\uff45xample.com", "IDNA"),
    "ideographic full stop": ("user@example\u3002com", "looks like an ASCII"),
    "full-width full stop": ("user@example\uff0ecom", "looks like an ASCII"),
    "half-width ideographic full stop": ("user@example\uff61com", "looks like an ASCII"),
    "Kelvin sign": ("user@\u212aelvin.com", "looks like an ASCII"),
    "one dot leader": ("user@example\u2024com", "IDNA"),
    "fraction slash": ("user@example.com\u2044x", "IDNA"),
    "zero-width joiner": ("user@exam\u200dple.com", "IDNA"),
    "zero-width non-joiner": ("user@exam\u200cple.com", "IDNA"),
    "zero-width space": ("user@exam\u200bple.com", "IDNA"),
    "byte order mark": ("user@exam\ufeffple.com", "IDNA"),
    "soft hyphen": ("user@exam\u00adple.com", "IDNA"),
    "no-break space": ("user@exam\u00a0ple.com", "IDNA"),
    "right-to-left override": ("user@exam\u202eple.com", "IDNA"),
    "mixed directions": ("user@\u05d0b.com", "IDNA"),
    "emoji domain": ("user@💩.la", "IDNA"),
    "A-label of an emoji": ("user@xn--ls8h.la", "xn--"),
    "A-label of nothing": ("user@xn--.com", "domain"),
    "A-label of ASCII": ("user@xn--ascii.com", "xn--"),
    "A-label out of range": ("user@xn--99999999999.com", "xn--"),
    "A-label of an upper-case letter": ("user@xn--cher-fna.de", "xn--"),
    "lone surrogate in the domain": ("user@exam\ud800ple.com", "IDNA"),
    "lone surrogate in the local part": ("us\ud800er@example.com", "ASCII"),
}


@pytest.mark.parametrize(("text", "email", "name"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(text: str, email: str, name: str | None) -> None:
    assert Address.parse(text) == Address(email, name)
    assert (Address.parse(text).email, Address.parse(text).name) == (email, name)


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refuses(text: str, reason: str) -> None:
    with pytest.raises(InvalidMessageError, match="address") as caught:
        Address.parse(text)
    assert reason in str(caught.value)
    assert caught.value.field == "address"


@pytest.mark.parametrize(
    "template",
    [
        "{}user@example.com",
        "us{}er@example.com",
        "user{}@example.com",
        "user@{}example.com",
        "user@exam{}ple.com",
        "user@example.com{}",
        "{}<user@example.com>",
        "<user@example.com>{}",
        "{}John <user@example.com>",
        "Jo{}hn <user@example.com>",
        "John{}<user@example.com>",
        '"Jo{}hn" <user@example.com>',
        '"Jo\\{}hn" <user@example.com>',
        '"John"{}<user@example.com>',
        '{}"John" <user@example.com>',
    ],
)
def test_control_characters_are_refused_at_any_position(template: str) -> None:
    accepted = []
    for name, control in CONTROLS.items():
        try:
            Address.parse(template.format(control))
        except InvalidMessageError:
            continue
        accepted.append(name)
    assert accepted == []


@pytest.mark.parametrize(
    "bad", (CONTROLS | SURROGATES | SPOOFS).values(), ids=CONTROLS | SURROGATES | SPOOFS
)
def test_name_with_control_characters_is_refused(bad: str) -> None:
    for name in (bad, f"{bad}John", f"Jo{bad}hn", f"John{bad}"):
        with pytest.raises(InvalidMessageError, match=rf"U\+{ord(bad[0]):04X} at position"):
            Address("user@example.com", name)


@pytest.mark.parametrize(
    ("text", "limit", "actual"),
    [
        (f"{'a' * 65}@example.com", 64, 65),
        (f"user@{'a' * 64}.com", 63, 64),
        (f"user@{'ü' * 300}.com", 253, 304),
        (f"user@{'a.' * 127}com", 253, 257),
        (f"{'n' * 321} <user@example.com>", 320, 321),
    ],
    ids=["local part", "label", "international domain", "domain", "name"],
)
def test_error_has_the_limit_and_the_actual_length(text: str, limit: int, actual: int) -> None:
    with pytest.raises(InvalidMessageError, match=str(limit)) as caught:
        Address.parse(text)
    assert (caught.value.limit, caught.value.actual) == (limit, actual)


def test_name_of_320_characters_is_accepted() -> None:
    assert Address("user@example.com", "n" * 320).name == "n" * 320


def test_empty_name_becomes_none() -> None:
    assert (
        Address("user@example.com", "")
        == Address("user@example.com", "  ")
        == Address("user@example.com")
    )


def test_name_is_part_of_the_comparison() -> None:
    assert Address("user@example.com", "John") != Address("user@example.com")
    assert (
        len(
            {
                Address("user@example.com"),
                Address("user@EXAMPLE.com"),
                Address("user@example.com", "John"),
            }
        )
        == 2
    )


def test_email_argument_with_a_name_is_refused() -> None:
    with pytest.raises(InvalidMessageError):
        Address("John <user@example.com>")


@pytest.mark.parametrize("wrong", [None, 5, b"user@example.com", ["user@example.com"]], ids=repr)
def test_email_that_is_not_text_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidMessageError, match="not"):
        Address(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [5, b"John", ["John"]], ids=repr)
def test_name_that_is_not_text_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidMessageError):
        Address("user@example.com", wrong)  # type: ignore[arg-type]


def test_is_frozen() -> None:
    address = Address("user@example.com")
    with pytest.raises(AttributeError):
        address.email = "evil@example.com"  # type: ignore[misc]


@pytest.mark.parametrize(
    "address", [Address("user@example.com"), Address("user@bücher.de", "Zoë")], ids=str
)
def test_pickles_and_copies(address: Address) -> None:
    assert (
        pickle.loads(pickle.dumps(address))
        == copy.copy(address)
        == copy.deepcopy(address)
        == address
    )


NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=SPOOFS.values()), max_size=320
)
ODD_NAMES = st.text(st.sampled_from(' \\"<>@,;:()[].=?é\u00a0a'), max_size=40)


@given(NAMES | ODD_NAMES)
def test_parse_reads_the_text_of_an_address(name: str) -> None:
    address = Address("user@example.com", name)
    assert Address.parse(str(address)) == address


@given(st.text() | st.text(st.sampled_from('ab@.<>" \\(),;:-ü\u3002\u200d\r\n\ud800')))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        address = Address.parse(text)
    except InvalidMessageError:
        return
    assert Address.parse(str(address)) == address
    assert address.email.isascii()
    assert not set(address.email) & set(CONTROLS.values())


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-"), max_size=59))
def test_any_a_label_is_parsed_or_refused(label: str) -> None:
    with contextlib.suppress(InvalidMessageError):
        assert Address(f"user@xn--{label}.com").email == f"user@xn--{label}.com"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "@" * 100_000,
        "a." * 50_000 + "@example.com",
        "user@" + "a." * 50_000,
        "user@" + "a-" * 50_000,
        "user@" + "ü" * 100_000,
        "user@" + "\u0308" * 100_000,
        "user@xn--" + "a" * 100_000 + ".com",
        "<" * 100_000 + ">",
        '"' * 100_000 + "<user@example.com>",
        '"' + "\\" * 100_000 + "<user@example.com>",
        '"' + '\\"' * 50_000 + '" <user@example.com>',
        '"John"' + " " * 100_000 + "x<user@example.com>",
        " " * 100_000 + "<user@example.com",
        "a " * 50_000 + "<user@example.com>",
    ],
    ids=lambda text: f"{text[:8]}...{text[-8:]}",
)
def test_long_text_is_parsed_in_linear_time(text: str) -> None:
    """A pattern that isn't linear would take hours for these."""
    with pytest.raises(InvalidMessageError):
        Address.parse(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("John Doe", "John Doe"),
        ("J. Doe", '"J. Doe"'),
        ("Doe, John", '"Doe, John"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("two  spaces", '"two  spaces"'),
        ("Zoë", '"Zoë"'),
        ("=?x", "=?x"),
    ],
)
def test_phrase(name: str, text: str) -> None:
    assert phrase(name) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("J. Doe", "J. Doe"),
        ("Zoë  Müller", "Zoë  Müller"),
        ("Doe, John", '"Doe, John"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
    ],
)
def test_text_of_an_address(name: str, text: str) -> None:
    assert str(Address("user@example.com", name)) == f"{text} <user@example.com>"


def test_quoted() -> None:
    assert quoted('a"b\\') == '"a\\"b\\\\"'


def test_long_phrases_are_encoded_in_linear_time() -> None:
    assert phrase("a " * 50_000 + "(").startswith('"')


def test_control_character_is_reported_with_its_position() -> None:
    with pytest.raises(InvalidMessageError, match=r"the name has U\+000A at position 3"):
        Address("user@example.com", "abc\ndef\r")


@given(
    st.from_regex(r"[a-z0-9.'+_-]{1,62}@(?:[a-z0-9-]{1,12}\.){1,6}[a-z0-9]{1,4}", fullmatch=True)
    | st.from_regex(r"[a-z]{60,66}@[a-z0-9]{60,66}\.example", fullmatch=True)
)
def test_usual_addresses_are_normalised_like_others(email: str) -> None:
    """A domain in capitals takes the general path instead of the fast one."""
    local, _, domain = email.partition("@")
    found: list[str | None] = []
    for spelling in (email, f"{local}@{domain.upper()}"):
        try:
            found.append(Address(spelling).email)
        except InvalidMessageError:
            found.append(None)
    assert found in ([email, email], [None, None])
