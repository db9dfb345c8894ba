"""A little SVG, the same bytes for the same numbers: panels with logarithmic axes, curves, dots, text."""
import math

INK, SOFT, FAINT = "#222222", "#666666", "#d9d9d9"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7b4b94", "#b8860b", "#56b4e9", "#444444")
DASHES = ("", "5,2", "1.5,2")


def look(index):
    """Colour and dashes of the index-th curve of a panel."""
    return PALETTE[index % len(PALETTE)], DASHES[index // len(PALETTE) % len(DASHES)]


def number(value):
    """One digit is enough for a picture, and its text is the same everywhere."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Drawing:
    def __init__(self, width, height, title):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
                      f'height="{height}" font-family="Helvetica, Arial, sans-serif" role="img">',
                      f"<title>{escape(title)}</title>",
                      f'<rect width="{width}" height="{height}" fill="#ffffff"/>']

    def text(self, x, y, text, size=11, anchor="start", colour=INK, bold=False, turn=0):
        weight = ' font-weight="bold"' if bold else ""
        turned = f' transform="rotate({turn} {number(x)} {number(y)})"' if turn else ""
        self.parts.append(f'<text x="{number(x)}" y="{number(y)}" font-size="{size}" text-anchor="{anchor}" '
                          f'fill="{colour}"{weight}{turned}>{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, colour=FAINT, width=1.0, dashes=""):
        self.curve([(x1, y1), (x2, y2)], colour, width, dashes)

    def curve(self, points, colour, width=1.6, dashes="", opacity=1.0):
        if len(points) < 2:
            return
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        extra = (f' stroke-dasharray="{dashes}"' if dashes else "") + (f' opacity="{opacity}"' if opacity < 1 else "")
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
                          f'stroke-linejoin="round"{extra}/>')

    def dot(self, x, y, colour, radius=4.0):
        self.parts.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="{radius}" fill="{colour}"/>')

    def save(self, path):
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(self.parts + ["</svg>"]) + "\n")


class Scale:
    """Logarithmic; from low at `start` to high at `end`, in pixels. Values beyond are cut off there."""

    def __init__(self, low, high, start, end):
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value):
        value = min(max(value, self.low), self.high)
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self):
        """1, 2, 5 in each decade; fewer where that would be crowded."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        wide = math.log10(self.high / self.low) > 2.3
        steps = (1, 3) if wide else (1, 2, 5)
        return [step * 10.0 ** decade for decade in decades for step in steps
                if self.low <= step * 10.0 ** decade <= self.high]


def plain(value):
    return f"{value:g}"


def axes(drawing, x, y, labels_x=True, labels_y=True):
    """Grid and tick labels of a panel between the scales' ends."""
    left, right, bottom, top = x.start, x.end, y.start, y.end
    for tick in x.ticks():
        drawing.line(x(tick), bottom, x(tick), top)
        if labels_x:
            drawing.text(x(tick), bottom + 13, plain(tick), 10, "middle", SOFT)
    for tick in y.ticks():
        drawing.line(left, y(tick), right, y(tick))
        if labels_y:
            drawing.text(left - 5, y(tick) + 3.5, plain(tick), 10, "end", SOFT)
    drawing.line(left, bottom, right, bottom, SOFT)
    drawing.line(left, bottom, left, top, SOFT)
