"""A local SES for tests and development: it accepts mail, and makes signed events happen.

It needs ``pip install 'sesmail[testing]'``, and no other part of sesmail imports it.

```python
with sesmail.testing.FakeSES() as fake:
    fake.verify("example.com")
    ...  # the program sends, with AWS_ENDPOINT_URL=fake.url or Client(**fake.client_settings())
    mail = fake.outbox.latest(to="alice@example.com")
    body, headers = fake.bounce(mail).request()
```
"""

from . import sns
from .api_errors import ApiError
from .emitted import DeliveryError, Emitted
from .fake import ClientSettings, FakeSES, FakeTrust
from .faults import Faults
from .feed import Change, Changes, Feed
from .mail import SentMail
from .outbox import MailNotFoundError, Outbox
from .records import Attempt, Delivery, EventRecord
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
    "Outbox",
    "SentMail",
    "State",
    "Subscription",
    "sns",
]
