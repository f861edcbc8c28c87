"""Find what leads nowhere in a folder of pages: links, pictures, scripts, anchors."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

_ADDRESSES = {"href", "src", "poster"}


class Page(HTMLParser):
    """The addresses and the anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.anchors = set(), {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Collect what a tag refers to and what can be referred to."""
        for name, value in attrs:
            if name in _ADDRESSES and value is not None:
                self.addresses.add(value)
            elif name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)


def broken(folder):
    """The addresses that lead to no file or anchor.

    Args:
        folder: Of the site; addresses of other hosts aren't looked at.

    Returns:
        Sorted lines "page: address".
    """
    pages = {
        path.resolve(): Page(path.read_text(encoding="utf-8"))
        for path in html_pages(folder)
    }
    return sorted(
        f"{path.relative_to(folder.resolve())}: {address}"
        for path, page in pages.items()
        for address in page.addresses
        if not _leads(path, address, pages)
    )


def html_pages(folder):
    """The pages of a site; what the theme leaves in `_static` are templates."""
    return sorted(x for x in folder.rglob("*.html") if "_static" not in x.parts)


def _leads(path, address, pages):
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    target = path.parent / unquote(parts.path) if parts.path else path
    target = target.resolve()
    if target in pages:
        return unquote(parts.fragment) in pages[target].anchors
    return target.is_file()
