"""The providers whose documents are known: where each one publishes, and how it is read."""

from typing import NamedTuple

from bulkhead.io.ranges.documents import Reader, anthropic, aws, azure, cloudflare, fastly, github, google, plain_list


class Provider(NamedTuple):
    """A provider: its name for people, the address of its document (``""``: it changes), and what reads that."""

    title: str
    source: str
    read: Reader


PROVIDERS = {
    "anthropic": Provider("Anthropic", "https://platform.claude.com/docs/en/api/ip-addresses", anthropic),
    "aws": Provider("AWS", "https://ip-ranges.amazonaws.com/ip-ranges.json", aws),
    "azure": Provider("Azure", "", azure),
    "cloudflare": Provider("Cloudflare", "https://api.cloudflare.com/client/v4/ips", cloudflare),
    "fastly": Provider("Fastly", "https://api.fastly.com/public-ip-list", fastly),
    "github": Provider("GitHub", "https://api.github.com/meta", github),
    "google": Provider("Google", "https://www.gstatic.com/ipranges/goog.json", google),
    "google-cloud": Provider("Google Cloud", "https://www.gstatic.com/ipranges/cloud.json", google),
    "telegram": Provider("Telegram", "https://core.telegram.org/resources/cidr.txt", plain_list),
}
"""By the name of the pinned file."""

ADDRESS_CHANGES = {
    "azure": "download ServiceTags_Public_*.json from https://www.microsoft.com/download/details.aspx?id=56519, whose "
    "address changes every week, and name it with --from"
}
"""What to do for a provider whose document has no address that lasts."""
