"""The sending wing: a typed message becomes a call to SES, and SES's answer a typed result."""
