#!/usr/bin/env python3
"""Draws the pictures of docs/matching.md: `python3 docs/drawings/draw.py` writes the SVG files beside it.

The figures are those of the page's examples. A picture takes its colours from the reader's light or dark scheme.
"""

from pathlib import Path

STYLE = """
  text { font: 14px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
  .small { font-size: 12px } .soft { fill: #59636e } .strong { font-weight: 600 } .middle { text-anchor: middle }
  .end { text-anchor: end }
  .page { fill: #ffffff } .box { fill: #f6f8fa; stroke: #8c959f } .line { stroke: #6e7781; fill: none; stroke-width: 1.5 }
  .head { fill: #6e7781 } .dash { stroke-dasharray: 4 3 }
  .held { fill: #b6d7ff; stroke: #2f6fbd } .allocated { fill: #b4e6c1; stroke: #2a7a43 }
  .queued { fill: #ffe7a8; stroke: #9a6b00; stroke-dasharray: 3 2 } .free { fill: #ffffff; stroke: #1f2328 }
  .kept { fill: #dfe3e8; stroke: #8c959f } .refused { fill: #ffd9d4; stroke: #b3382c }
  .empty { fill: none; stroke: #a5adb6; stroke-dasharray: 3 2 } .level { stroke: #b3382c; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .soft { fill: #9da7b1 }
    .page { fill: #0d1117 } .box { fill: #161b22; stroke: #6e7681 } .line { stroke: #9da7b1 } .head { fill: #9da7b1 }
    .held { fill: #16457e; stroke: #6cb0ff } .allocated { fill: #17512d; stroke: #5fce85 }
    .queued { fill: #55420f; stroke: #e3b341 } .free { fill: #0d1117; stroke: #e6edf3 }
    .kept { fill: #30363d; stroke: #8b949e } .refused { fill: #5f211b; stroke: #ff8a7d }
    .empty { stroke: #6e7681 } .level { stroke: #ff8a7d }
  }
"""


class Drawing:
    def __init__(self, name, width, height, title):
        self.name, self.width, self.height, self.title, self.parts = name, width, height, title, []

    def text(self, x, y, words, kind=""):
        self.parts.append(f'<text x="{x}" y="{y}" class="{kind}">{words}</text>')

    def rect(self, x, y, width, height, kind, round=3):
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{round}" class="{kind}"/>'
        )

    def box(self, x, y, width, lines, kind="box", height=None):
        height = height or 18 + 20 * len(lines)
        self.rect(x, y, width, height, kind, 6)
        first = y + height / 2 - 10 * (len(lines) - 1) + 5
        for number, (words, style) in enumerate(lines):
            self.text(x + width / 2, first + 20 * number, words, f"middle {style}")

    def line(self, *points, kind=""):
        path = " ".join(f"{x},{y}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" class="line {kind}"/>')

    def arrow(self, *points, kind=""):
        """Ends in a head that looks the way its last piece goes."""
        (x0, y0), (x, y) = points[-2], points[-1]
        dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
        self.line(*points[:-1], (x - 7 * dx, y - 7 * dy), kind=kind)
        wings = [(x - 9 * dx + 4.5 * dy, y - 9 * dy + 4.5 * dx), (x - 9 * dx - 4.5 * dy, y - 9 * dy - 4.5 * dx)]
        path = " ".join(f"{a},{b}" for a, b in [(x, y), *wings])
        self.parts.append(f'<polygon points="{path}" class="head"/>')

    def units(self, x, y, kinds, size=20, gap=4):
        for number, kind in enumerate(kinds):
            self.rect(x + number * (size + gap), y, size, size, kind)

    def brace(self, x, y, width, words, below=True):
        """A span and its name."""
        turn = 6 if below else -6
        self.line((x, y), (x, y + turn), (x + width, y + turn), (x + width, y))
        for number, line in enumerate(words):
            place = y + (24 + 17 * number if below else -12 - 17 * (len(words) - 1 - number))
            self.text(x + width / 2, place, line, "middle small" + ("" if number == 0 else " soft"))

    def write(self):
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" aria-label="{self.title}">\n'
            f"<title>{self.title}</title>\n<style>{STYLE}</style>\n"
            f'<rect width="{self.width}" height="{self.height}" class="page" rx="8"/>\n'
        )
        path = Path(__file__).parent / f"{self.name}.svg"
        path.write_text(svg + "\n".join(self.parts) + "\n</svg>\n")


def counts():
    d = Drawing("counts", 800, 205, "What is counted of a product at its locations, and what is queued for")
    groups = [
        ("held", 4, ["held", "in baskets,", "until a deadline"]),
        ("allocated", 6, ["allocated", "promised,", "not yet shipped"]),
        ("kept", 3, ["not sellable", "damaged,", "unseen"]),
        ("kept", 2, ["safety", "never", "promised"]),
        ("free", 5, ["available", "to anybody", "who asks now"]),
    ]
    x, y, step = 24, 78, 22
    for kind, count, words in groups:
        d.units(x, y, [kind] * count, 18)
        d.brace(x, y + 28, count * step - 4, words)
        x += count * step + 20
    d.brace(24, y - 8, x - 24 - 24, ["on_hand: 20 units that lie on shelves"], below=False)
    x += 14
    d.units(x, y, ["queued"] * 5, 18)
    d.brace(x, y + 28, 5 * step - 4, ["backordered", "queued for,", "in turn"])
    d.units(x + 5 * step + 34, y, ["empty"] * 2, 18)
    d.brace(x + 5 * step + 34, y + 28, 2 * step - 4, ["backorderable", "may queue", "beyond those"])
    d.brace(x, y - 8, 7 * step + 30, ["units still to come"], below=False)
    d.text(24, 26, "Held and allocated are always units that are there.", "strong")
    d.text(24, 190, "held 4 + allocated 6 never exceeds what may be promised of 20: 20 - 3 - 2 = 15", "small soft")
    d.write()


def claim():
    d = Drawing("claim", 800, 330, "What becomes of a line of five cups when three are there")
    d.box(20, 120, 150, [("a line of 5 cups", "strong"), ("3 are there", "small soft")])
    d.arrow((170, 135), (205, 135), (205, 50), (245, 50))
    d.arrow((170, 162), (205, 162), (205, 200), (245, 200))
    d.text(255, 34, "what is there", "small soft")
    d.units(255, 42, ["free"] * 3)
    d.text(255, 180, "what is not", "small soft")
    d.units(255, 190, ["queued"] * 2)
    d.arrow((335, 52), (575, 52))
    d.box(575, 28, 205, [("held until the deadline", ""), ("then committed: allocated", "small soft")], "held")
    d.line((312, 200), (350, 200))
    d.text(365, 117, "fill_or_kill", "small strong")
    d.arrow((350, 200), (350, 124), (575, 124))
    d.box(575, 104, 205, [("refused: nothing is taken", "")], "refused", 40)
    d.text(365, 193, "immediate_or_cancel", "small strong")
    d.arrow((350, 200), (575, 200))
    d.box(575, 180, 205, [("dropped: a line of 3", "")], "kept", 40)
    d.text(365, 269, "good_til_cancelled", "small strong")
    d.arrow((350, 200), (350, 276), (575, 276))
    d.box(575, 246, 205, [("queued, up to the cap", ""), ("else refused: nothing is taken", "small soft")], "queued")
    d.text(20, 300, "Nothing said: good_til_cancelled where the policy", "small soft")
    d.text(20, 316, "lets anything queue, fill_or_kill otherwise.", "small soft")
    d.write()


def supply():
    d = Drawing("supply", 800, 396, "Whatever brings units serves the demand book before anybody else")
    sources = [
        "receipt, count",
        "a basket lapses or is released",
        "an order is cancelled",
        "units come back",
        "inspection finds them good",
        "less safety stock",
        "a location is opened again",
        "a preorder is released",
    ]
    d.text(20, 30, "supply", "strong")
    for number, words in enumerate(sources):
        d.box(20, 44 + 30 * number, 200, [(words, "small")], "box", 24)
    d.line((220, 56), (238, 56), (238, 266), (220, 266))
    d.arrow((238, 161), (290, 161))
    d.text(300, 30, "the demand book", "strong")
    d.rect(290, 44, 265, 234, "box", 8)
    lanes = [("class 0", [("A", 2), ("D", 1)]), ("class 1", [("B", 3)]), ("class 2", [("C", 1), ("E", 2)])]
    for lane, (name, lines) in enumerate(lanes):
        y = 84 + 68 * lane
        d.text(304, y - 8, name, "small soft")
        x = 304
        for line, units in lines:
            d.text(x, y + 19, line, "small strong")
            d.units(x + 14, y + 4, ["queued"] * units)
            x += 14 + 24 * units + 14
    d.text(304, 268, "classes first, then arrival", "small soft")
    d.line((522, 84), (522, 236), kind="dash")
    d.arrow((522, 225), (522, 250), kind="dash")
    d.arrow((555, 161), (620, 161))
    d.text(630, 30, "everybody", "strong")
    d.box(620, 126, 160, [("available", ""), ("what is left when", "small soft"), ("nobody queues for it", "small soft")], "free")
    d.box(290, 326, 265, [("baskets that nobody has paid for", ""), ("counted as backordered, not served", "small soft")], "box")
    d.arrow((422, 326), (422, 278))
    d.text(434, 307, "commit: arrival is its place in the journal", "small soft")
    d.text(20, 304, "All of it is one step of the product's", "small soft")
    d.text(20, 320, "one owner: nobody sees a unit", "small soft")
    d.text(20, 336, "on its way through.", "small soft")
    d.write()


def vessel(d, x, ground, name, had, new, room):
    for unit in range(had + new + room):
        kind = "allocated" if unit < had else "held" if unit < had + new else "empty"
        d.rect(x, ground - 24 * (unit + 1), 44, 20, kind)
    d.text(x + 22, ground + 18, name, "middle strong")


def fair_share():
    d = Drawing("fair-share", 800, 250, "Six units under fair share and by arrival")
    ground = 190
    panels = [
        (20, "fair share: before", [("A", 2, 0, 3), ("B", 1, 0, 4), ("C", 0, 0, 4)], None),
        (285, "fair share: six more", [("A", 2, 1, 2), ("B", 1, 2, 2), ("C", 0, 3, 1)], 3),
        (550, "by arrival: six more", [("A", 3, 2, 0), ("B", 0, 4, 1), ("C", 0, 0, 4)], None),
    ]
    for x, title, lines, level in panels:
        d.text(x, 34, title, "strong")
        for number, (name, had, new, room) in enumerate(lines):
            vessel(d, x + 8 + 68 * number, ground, name, had, new, room)
        if level:
            d.parts.append(
                f'<line x1="{x}" x2="{x + 206}" y1="{ground - 24 * level - 2}" y2="{ground - 24 * level - 2}" class="level"/>'
            )
    for x, kind, words in [(20, "allocated", "had before"), (130, "held", "got of the six"), (250, "empty", "still queued for")]:
        d.rect(x, 224, 14, 14, kind)
        d.text(x + 21, 236, words, "small soft")
    d.write()


def sourcing():
    d = Drawing("sourcing", 800, 418, "The same shelves under four strategies")
    shelves = [("east", 6), ("north", 4), ("south", 9)]
    ways = [
        ("fewest_shipments", "one that has it all, else the fullest", {5: [("east", 5)], 12: [("south", 9), ("east", 3)]}),
        ("ranked", "east, then north", {5: [("east", 5)], 12: [("east", 6), ("north", 4), ("south", 2)]}),
        ("highest_stock", "the fullest first", {5: [("south", 5)], 12: [("south", 9), ("east", 3)]}),
        ("nearest", "north is nearest, then by rank", {5: [("north", 4), ("east", 1)], 12: [("north", 4), ("east", 6), ("south", 2)]}),
    ]
    d.text(270, 32, "5 cups wanted", "strong")
    d.text(545, 32, "12 cups wanted", "strong")
    for row, (name, rule, takes) in enumerate(ways):
        top = 52 + 92 * row
        d.text(20, top + 28, name, "strong")
        d.text(20, top + 48, rule, "small soft")
        for x, wanted in [(270, 5), (545, 12)]:
            taken = dict(takes[wanted])
            order = [place for place, _ in takes[wanted]]
            for line, (place, units) in enumerate(shelves):
                y = top + 6 + 24 * line
                d.text(x + 42, y + 13, place, "small end soft")
                kinds = ["held"] * taken.get(place, 0) + ["free"] * (units - taken.get(place, 0))
                d.units(x + 50, y, kinds, 15, 3)
                if place in order:
                    turn = f"{order.index(place) + 1}." if len(order) > 1 else ""
                    d.text(x + 50 + 18 * units + 4, y + 13, turn, "small strong")
        if row:
            d.line((20, top - 6), (780, top - 6), kind="dash")
    d.write()


if __name__ == "__main__":
    for draw in (counts, claim, supply, fair_share, sourcing):
        draw()
