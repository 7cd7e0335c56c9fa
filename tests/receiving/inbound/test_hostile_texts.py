"""Text, names, addresses and dates that are slow for a lenient reader."""

import pytest

from sesmail import read_mail
from support.hostile_texts import HOSTILE_TEXTS


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_parses_hostile_text_and_names_its_defect(name: str) -> None:
    make, defect = HOSTILE_TEXTS[name]
    mail = read_mail(make()).load()
    headers = list(mail.headers)
    assert all("\n" not in value for _, value in headers)
    assert defect in mail.defects if defect is not None else not mail.defects
    assert len(mail.defects) < 6
    assert all(char < "\ud800" or char > "\udfff" for char in (mail.text or "")[:1000])


def test_utf_7_of_html_is_never_guessed() -> None:
    mails = (
        read_mail(HOSTILE_TEXTS[name][0]())
        for name in ("UTF-7 that isn't declared", "UTF-7 that HTML declares")
    )
    assert not any("<script" in (mail.html or "") for mail in mails)
