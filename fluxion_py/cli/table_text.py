"""Plain text tables: a line of titles, columns two spaces apart, no lines drawn."""

from collections.abc import Sequence


def format_table(
    titles: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Sequence[str] = (),
    widths: Sequence[int] = (),
) -> str:
    """Return a table as text with a line end; columns whose title is in `right` are flush right.

    `widths` are least widths of the first columns. Trailing blanks are left out.
    """
    texts = [list(titles), *([str(cell) for cell in row] for row in rows)]
    least = [*widths, *([0] * (len(titles) - len(widths)))]
    room = [max(low, *(len(line[at]) for line in texts)) for at, low in enumerate(least)]
    lines = []
    for line in texts:
        cells = [
            cell.rjust(width) if title in right else cell.ljust(width)
            for cell, width, title in zip(line, room, titles, strict=True)
        ]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)
