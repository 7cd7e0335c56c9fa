"""SES server for the examples: a FakeSES in this process, or the server at AWS_ENDPOINT_URL.

The local one needs ``pip install 'sesmail[testing]'``. A program that sends through Amazon needs
nothing of this module: the AWS credential chain provides credentials and region.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from unittest import mock

from sesmail.testing import FakeSES


@contextmanager
def ses_server() -> Generator[None]:
    """Directs the AWS clients of this process to a local SES, unless AWS_ENDPOINT_URL is set.

    The domain example.com has to be verified there.
    """
    if "AWS_ENDPOINT_URL" in os.environ:
        yield
        return
    with FakeSES() as fake, mock.patch.dict(os.environ, fake.environment()):
        os.environ.pop("AWS_PROFILE", None)  # it may name one that doesn't exist here
        fake.verify("example.com")
        fake.account(rate=1000)
        yield
