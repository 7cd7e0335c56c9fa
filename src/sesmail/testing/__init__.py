"""A local SES for tests and development: it accepts mail, and makes signed events happen.

It needs ``pip install 'sesmail[testing]'``, and no other part of sesmail imports it.

```python
with sesmail.testing.FakeSES() as fake:
    fake.verify("example.com")
    ...  # the program sends, with AWS_ENDPOINT_URL=fake.url or Client(**fake.client_settings())
    mail = fake.outbox.latest(to="alice@example.com")
    body, headers = fake.bounce(mail).request()
```

Names are imported at their first use: pytest loads this package in every program that has sesmail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..sending.message.output import register_preview

if TYPE_CHECKING:
    from . import sns
    from .api_errors import ApiError
    from .client_settings import ClientSettings, FakeTrust
    from .emitted import DeliveryError, Emitted
    from .fake import FakeSES
    from .faults import Faults
    from .feed import Change, Changes, Feed
    from .mail import Attempt, Delivery, EventRecord, SentMail
    from .mail_check import check_mail
    from .mail_problem import MailProblem
    from .outbox import MailNotFoundError, Outbox
    from .preview_page import preview
    from .send_log import check_send_log
    from .sns import Trust
    from .state import State
    from .topics import Subscription

__all__ = [
    "ApiError",
    "Attempt",
    "Change",
    "Changes",
    "ClientSettings",
    "Delivery",
    "DeliveryError",
    "Emitted",
    "EventRecord",
    "FakeSES",
    "FakeTrust",
    "Faults",
    "Feed",
    "MailNotFoundError",
    "MailProblem",
    "Outbox",
    "SentMail",
    "State",
    "Subscription",
    "Trust",
    "check_mail",
    "check_send_log",
    "preview",
    "sns",
]


def _preview(message: Any, **options: Any) -> str:
    from .preview_page import preview

    return preview(message, **options)


register_preview(_preview)


# Modules with their public names, as in the package above.
_PUBLIC_NAMES = {
    "api_errors": "ApiError",
    "client_settings": "ClientSettings FakeTrust",
    "emitted": "DeliveryError Emitted",
    "fake": "FakeSES",
    "faults": "Faults",
    "feed": "Change Changes Feed",
    "mail": "Attempt Delivery EventRecord SentMail",
    "mail_check": "check_mail",
    "mail_problem": "MailProblem",
    "outbox": "MailNotFoundError Outbox",
    "preview_page": "preview",
    "send_log": "check_send_log",
    "sns": "sns Trust",
    "state": "State",
    "topics": "Subscription",
}
_MODULES = {name: module for module, names in _PUBLIC_NAMES.items() for name in names.split()}

if not TYPE_CHECKING:  # pragma: no branch  # a checker would take any name for an attribute

    def __getattr__(name):
        """Imports a public name when it is first used."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        try:
            module = import_module(f".{_MODULES[name]}", __name__)
        except ModuleNotFoundError as err:
            raise ModuleNotFoundError(
                f"sesmail.testing needs {err.name}: pip install 'sesmail[testing]'", name=err.name
            ) from err
        return getattr(module, name, module)  # the module itself is public, too

    def __dir__():
        return sorted({*globals(), *__all__})
