"""Reading tables in Markdown."""


def cells(text: str, first: str) -> list[list[str]]:
    """The cells of the rows that begin with a text."""
    lines = (line for line in text.splitlines() if line.startswith(f"| {first} "))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
