"""One name for one file, whatever links lead to its folder; and names that fit on one line."""

from pathlib import Path


def real_path(path: Path) -> Path:
    """`path` with its folder resolved. A link as the last part stays a link: it is the file that is named."""
    return path.parent.resolve() / path.name


def shown(path: Path | str) -> str:
    """`path` on one line: control characters and bytes that are not UTF-8 are escaped."""
    text = str(path)
    if text.isprintable():
        return text
    escaped = (char if char.isprintable() else char.encode("unicode_escape", "surrogatepass") for char in text)
    return "".join(part if isinstance(part, str) else part.decode() for part in escaped)
