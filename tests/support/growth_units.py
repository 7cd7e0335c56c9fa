"""Texts that are repeated to check that code takes linear time: by tests and by the benchmark."""

MAILBOX_UNITS = [
    '<(\\")',
    '<("',
    '<(")',
    "<'=?x?q?\"?=",
    '<"a" ',
    "<a,",
    "()",
    "(",
    "(\\a",
    '"<',
    "<a(>",
    "<(a)",
    "<()",
    " @",
    " .",
    "@a:",
    "@a,",
    "a, ",
    "a,b <c@d>,",
    "=?x?q?a@b?= ",
    " ",
]

PARAMETER_UNITS = [
    ";",
    "; ",
    ";a",
    ";a ",
    '; a="',
    '; a="\\"',
    ";a=b ",
    ";a=b (",
    ";a= (b)",
    '"',
    "\\",
    "(",
    "()",
    "(()",
    ' a="" ',
    'a="" !',
    ' name="" !',
    " name=",
    ";(",
    ";*1=",
    "(\\(",
]
BEFORE_PARAMETERS = ["", "(", "; a=", '; a="', "; a=b ("]

TEXT_UNITS = [
    *("a", "=", ".", "\n", ".\n", "a\n"),
    *("a" * 75 + ".\n", "a" * 76 + "\n", "=" * 26 + "\n"),
]
