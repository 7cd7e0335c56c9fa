"""Examples of RFC 5322 with comments, folds and obsolete syntax, in full.

https://www.rfc-editor.org/rfc/rfc5322#appendix-A.5 and A.6
"""

from datetime import datetime

from sesmail import InboundMail, Mailbox, read_mail

WHITE_SPACE_AND_COMMENTS = r"""From: Pete(A nice \) chap) <pete(his account)@silly.test(his host)>
To:A Group(Some people)
     :Chris Jones <c@(Chris's host.)public.example>,
         joe@example.org,
  John <jdoe@one.test> (my dear friend); (the end of the group)
Cc:(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;
Date: Thu,
      13
        Feb
          1969
      23:32
               -0330 (Newfoundland Time)
Message-ID:              <testabcd.1234@silly.test>

Testing.
"""
OBSOLETE_ADDRESSES = """From: Joe Q. Public <john.q.public@example.com>
To: Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example
Date: Tue, 1 Jul 2003 10:52:37 +0200
Message-ID: <5678.21-Nov-1997@example.com>

Hi everyone.
"""
OBSOLETE_DATE = """From: John Doe <jdoe@machine.example>
To: Mary Smith <mary@example.net>
Subject: Saying Hello
Date: 21 Nov 97 09:55:06 GMT
Message-ID: <1234@local.machine.example>

This is a message just to say hello.
So, "Hello".
"""
OBSOLETE_WHITE_SPACE = """From  : John Doe <jdoe@machine(comment).  example>
To    : Mary Smith
  \n          <mary@example.net>
Subject     : Saying Hello
Date  : Fri, 21 Nov 1997 09(comment):   55  :  06 -0600
Message-ID  : <1234   @   local(blah)  .machine .example>

This is a message just to say hello.
So, "Hello".
"""
HELLO = 'This is a message just to say hello.\nSo, "Hello".\n'


def read(text: str) -> InboundMail:
    mail = read_mail(text.replace("\n", "\r\n").encode()).load()
    assert mail.defects == ()
    return mail


def test_white_space_comments_and_other_oddities() -> None:
    mail = read(WHITE_SPACE_AND_COMMENTS)
    assert mail.from_ == (Mailbox("pete@silly.test", "Pete"),)
    assert mail.to == (
        Mailbox("c@public.example", "Chris Jones"),
        Mailbox("joe@example.org"),
        Mailbox("jdoe@one.test", "John"),
    )
    assert mail.cc == ()
    assert mail.date == datetime.fromisoformat("1969-02-13T23:32:00-03:30")
    assert mail.headers.get("Message-ID") == "<testabcd.1234@silly.test>"
    assert mail.text == "Testing.\n"


def test_obsolete_addressing() -> None:
    mail = read(OBSOLETE_ADDRESSES)
    assert mail.from_ == (Mailbox("john.q.public@example.com", "Joe Q. Public"),)
    assert mail.to == (Mailbox("mary@example.net", "Mary Smith"), Mailbox("jdoe@test.example"))
    assert mail.date == datetime.fromisoformat("2003-07-01T10:52:37+02:00")
    assert mail.text == "Hi everyone.\n"


def test_obsolete_dates() -> None:
    mail = read(OBSOLETE_DATE)
    assert mail.date == datetime.fromisoformat("1997-11-21T09:55:06+00:00")
    assert (mail.subject, mail.text) == ("Saying Hello", HELLO)


def test_obsolete_white_space_and_comments() -> None:
    mail = read(OBSOLETE_WHITE_SPACE)
    assert mail.from_ == (Mailbox("jdoe@machine.example", "John Doe"),)
    assert mail.to == (Mailbox("mary@example.net", "Mary Smith"),)
    assert mail.date == datetime.fromisoformat("1997-11-21T09:55:06-06:00")
    assert (mail.subject, mail.text) == ("Saying Hello", HELLO)
