"""The part of the Handlebars language that templates of SES use.

Supported: values by path (``name``, ``a.b``, ``a.[b c]``, ``this``, ``../a``, ``@index``, ``@key``,
``@first``, ``@last``, ``@root``), the blocks ``each``, ``if``, ``unless``, ``with`` and sections of
a value, each with ``else`` and ``else if``, comments, ``{{{ }}}`` and ``{{~ ~}}``. As in SES, no
value is escaped, and a value that the data doesn't have, or has as null, is an error.

https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html
https://handlebarsjs.com/guide/
"""

from .parser import TemplateSyntaxError, is_plain, parse
from .renderer import RenderingError, render

__all__ = ["RenderingError", "TemplateSyntaxError", "is_plain", "parse", "render"]
