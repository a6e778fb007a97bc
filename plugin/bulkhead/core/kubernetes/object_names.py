"""Names of objects, as the API server accepts them."""

from bulkhead.core.language.scalars import InvalidValue, is_subdomain, quoted, text


class Subdomain(str):
    """The name of a NetworkPolicy and of most other objects: an RFC 1123 subdomain of at most 253 characters."""

    @staticmethod
    def parse(raw: object) -> "Subdomain":
        """Return the name, or refuse what the API server would refuse."""
        word = text(raw, "a name")
        if len(word) > 253:
            raise InvalidValue(f"name {quoted(word)} has {len(word)} characters", "use at most 253")
        if not is_subdomain(word):
            raise InvalidValue(
                f"name {quoted(word)} is not valid",
                "use small letters, digits, `-` and `.`, with a letter or digit at both ends of each part",
            )
        return Subdomain(word)
