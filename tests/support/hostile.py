"""Characters that are invalid or misleading in mail headers, by names for test ids."""

CONTROLS = {f"U+{code:04X}": chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
"""C0 with NUL, TAB, CR and LF, then DEL, then C1."""

SURROGATES = {"high": "\ud83d", "low": "\udca9", "reversed": "\udca9\ud83d"}

SPOOFS = {f"U+{code:04X}": chr(code) for code in (*range(0x2028, 0x202F), *range(0x2066, 0x206A))}
"""Line separators and bidirectional controls, which can make a name look like another."""
