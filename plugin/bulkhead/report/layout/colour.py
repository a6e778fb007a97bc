"""Colour, for terminals only. Colour never carries information: the lines have the same words without it."""


class Palette:
    """Puts colour on words where *on*; the words alone carry the meaning."""

    def __init__(self, on: bool = False) -> None:
        self.on = on

    def good(self, text: str) -> str:
        """Return *text* in the colour for success."""
        return self.sgr("32", text)

    def bad(self, text: str) -> str:
        """Return *text* in the colour for problems."""
        return self.sgr("31", text)

    def odd(self, text: str) -> str:
        """Return *text* in the colour for remarks."""
        return self.sgr("33", text)

    def faint(self, text: str) -> str:
        """Return *text* as less important (dimmed)."""
        return self.sgr("2", text)

    def bold(self, text: str) -> str:
        """Return *text* as a heading."""
        return self.sgr("1", text)

    def sgr(self, code: str, text: str) -> str:
        """Return *text* between the terminal's codes."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


PLAIN = Palette()
