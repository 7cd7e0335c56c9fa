"""The desk: a web page that shows the mails of a fake SES, and makes their events happen.

``python -m sesmail desk`` serves it. A program mounts it for development, here at ``/debug/mail``:

```python
from sesmail.testing import desk

app.mount("/debug/mail", desk.app)  # FastAPI, Starlette
client = sesmail.Client(**desk.app.fake.start().client_settings())
```

It needs ``pip install 'sesmail[testing]'``. It accepts only requests to this machine by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .application import Desk
    from .remote import RemoteTrust, trust

    app: Desk

__all__ = ["Desk", "RemoteTrust", "app", "trust"]


if not TYPE_CHECKING:  # pragma: no branch  # a checker would take any name for an attribute

    def __getattr__(name):
        """Imports a name at its first use, and creates ``app``."""
        if name in ("RemoteTrust", "trust"):
            from . import remote

            return getattr(remote, name)
        if name not in ("Desk", "app"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from .application import Desk

        if name == "Desk":
            return Desk
        return globals().setdefault("app", Desk())  # one, also for threads that ask together

    def __dir__():
        return sorted({*globals(), *__all__})
