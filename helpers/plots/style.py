"""How every figure of the course looks, and how it reaches the page.

All are equally wide, and so narrow that the smallest letters still have ten pixels where a phone
of 360 pixels shows the figure from edge to edge. Titles state the finding, begin at the left edge
and wrap; axes' names wrap, too.
"""

from __future__ import annotations

import base64
import functools
import io
import os
import re

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text
from matplotlib.ticker import Formatter, FuncFormatter, ScalarFormatter
from matplotlib.transforms import Bbox
from PIL import Image

from helpers.colours import BLUE, GREEN, GREY, INK, ORANGE, PINK
from helpers.telling import kept, typeset

#: Told apart by those who see few colours, too; for things without a colour of their own.
COLOURS = [BLUE, ORANGE, GREEN, PINK, "#56B4E9", "#E69F00", "#444444", "#8C6D31", GREY, "#7B3294"]
WIDTH = 5.5  # inches, of all figures
SMALL = 11  # points, of the smallest letters: ten pixels where 360 pixels show the whole width
LARGER = 12.2  # points: eleven pixels there
PALE = "#E3E3E3"  # what stands behind, or isn't meant
FAINT = "#BDBDBD"  # one of many, beside their average
# orange is for best sellers, crimson for a fault; so neither marks what was only agreed
LIMIT = "#5F5F5F"  # a threshold: a line that was agreed on
#: Behind letters that a line passes.
ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
# per inch: drawn (tests, which compare no pictures, ask for fewer), and shown
_DOTS, _PIXELS = int(os.environ.get("PICTURE_DOTS", 200)), 104
_STYLE = {
    "figure.figsize": (WIDTH, 3.7),
    "figure.dpi": max(_DOTS, 96),  # letters are as wide in the layout as in the picture
    "font.size": 11.5,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "lines.solid_capstyle": "butt",  # a bar of an interval ends where the interval does
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.07,  # no word touches the edge, seen on a dark page
    # names are names: two dollar signs in them are no formula
    "text.parse_math": False,
}
plt.rcParams.update(_STYLE)


def figure(height: float = 3.7, width: float = WIDTH, **more):
    """Begin a figure in the course's style.

    Parameters
    ----------
    height, width : float
        In inches.
    **more
        For :func:`matplotlib.pyplot.subplots`, e.g. ``ncols``.

    Returns
    -------
    tuple of (Figure, Axes or array of Axes)
    """
    return plt.subplots(figsize=(width, height), **more)


def larger(draw):
    """A figure with room for it: its letters have eleven pixels on a phone of 360.

    Parameters
    ----------
    draw : callable
        Draws the figure and shows it.

    Returns
    -------
    callable
    """

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        with plt.rc_context({"font.size": LARGER}):
            return draw(*args, **kwargs)

    return drawn


def title(axes, text: str) -> None:
    """Set a title that states the finding; a long one goes on in the next line, in :func:`show`."""
    axes.set_title(text)


def finish(figure, axes, finding, xlabel="", ylabel="", alt="", percent="") -> None:
    """Give a figure its title and its axes' names, and show it.

    Parameters
    ----------
    figure : Figure
    axes : Axes
    finding : str
        The title: a sentence that states what the figure shows.
    xlabel, ylabel : str
        With units.
    alt : str
        For those who can't see it; the finding, if nothing is said.
    percent : str
        The axes that have shares: ``"x"``, ``"y"`` or ``"xy"``.
    """
    title(axes, finding)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    for axis in (axes.xaxis, axes.yaxis):
        if axis.axis_name in percent:
            # 0%, 10%, and 2.5% only where a tick stands there
            axis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 4):g}%"))
    show(figure, alt or f"{finding}.")


def key(axes, entries, height: float) -> None:
    """Words in colours in a row above a drawing: the key to what occurs in it.

    Parameters
    ----------
    axes : Axes
    entries : dict of str to colour
    height : float
        Where they stand, on the axis from bottom to top.
    """
    last = max(len(entries) - 1, 1)
    for place, (word, colour) in enumerate(entries.items()):
        side = "left" if place == 0 else "right" if place == last else "center"
        axes.text(place / last, height, word, color=colour, ha=side, fontweight="bold",
                  transform=axes.get_yaxis_transform())  # fmt: skip


def bare(axes, equal: bool = True) -> None:
    """Axes for a drawing: no ticks and no frame, and a circle is round if both axes are equal."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    if equal:
        axes.set_aspect("equal")


def box(axes, x, y, width, height, text="", colour=INK, filled=False, **letters) -> None:
    """A box around its middle `x`, `y`, with a text in it: white and bold if the box is filled."""
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.1",
            edgecolor=colour,
            facecolor=colour if filled else "white",
            linewidth=2,
        )
    )
    look = {"color": "white", "fontweight": "bold"} if filled else {"color": INK}
    axes.text(x, y, text, **{"ha": "center", "va": "center"} | look | letters)


def arrow(axes, start, end, colour=INK, bend=0.0, line="-") -> None:
    """An arrow from `start` to `end`; bent by a share of its length."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=16,
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=0,
            shrinkB=0,
            color=colour,
            linewidth=2,
            linestyle=line,
        )
    )


def short(name, width: int = 24) -> str:
    """A name that fits beside a bar, on one line."""
    name = " ".join(str(name).split())
    return kept(name if len(name) <= width else f"{name[: width - 1].rstrip()}…")


class _Typeset(Formatter):
    """Whatever another formatter writes at an axis, with the signs of print."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, value, pos=None):
        return self._printed(self.inner(value, pos))

    def format_ticks(self, values):
        return [self._printed(text) for text in self.inner.format_ticks(values)]

    def _printed(self, text):
        if isinstance(self.inner, ScalarFormatter):  # 1,000 as in a sentence
            text = re.sub(r"\d(?=(\d{3})+$)", r"\g<0>,", str(text))
        return typeset(str(text))

    def set_locs(self, locs):
        self.inner.set_locs(locs)

    def get_offset(self):
        return self.inner.get_offset()


def settle(figure) -> None:
    """Give a figure its last form: signs as in print, titles and axes' names on lines that fit.

    The title of the figure, which is that of its only or first titled axes, begins at the left
    edge: so it has the whole width.

    Parameters
    ----------
    figure : Figure
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            # an axis that shares its ticks with another one is given its formatter once
            if not isinstance(axis.get_major_formatter(), _Typeset):
                axis.set_major_formatter(_Typeset(axis.get_major_formatter()))
    for text in figure.findobj(Text):
        text.set_text(typeset(text.get_text()))
        # white words stand on something dark
        if _light(np.array(to_rgb(text.get_color()))) < 0.8:
            text.set_color(_on_white(text.get_color()))
    leading = [axes for axes in figure.axes[:1] if axes.get_title(loc="left")]
    if leading and not figure.get_suptitle():
        [axes] = leading
        figure.suptitle(axes.get_title(loc="left"))
        axes.set_title("", loc="left")
    whole = figure.get_size_inches()[0] * figure.dpi
    heading = figure._suptitle
    if heading is not None and heading.get_text():
        heading.set(x=0.012, ha="left", fontsize=13, fontweight="bold")
        _wrap(figure, heading, 0.955 * whole)
    figure.draw_without_rendering()  # the layout: how much room is there beside the names?
    for axes in figure.axes:
        box = axes.get_window_extent()
        label = axes.xaxis.label
        spec = axes.get_subplotspec()
        beside = spec is not None and spec.get_gridspec().ncols > 1
        _wrap(figure, label, 1.04 * box.width if beside else box.x1)
        if not beside and label.get_window_extent().width > 2 * (whole - (box.x0 + box.x1) / 2):
            label.set(x=1, ha="right")  # centred, it would leave the figure
        _wrap(figure, axes.yaxis.label, 0.9 * box.height, down=True)
        if axes is not figure.axes[0] or not leading:
            _wrap(figure, axes._left_title, whole - box.x0)
    _close_up(figure)


def _wrap(figure, text, room, down=False):
    """Break a text into lines that fit into the room: at words, as few lines as it takes.

    Two lines are about equally long, so that no word is left over for the second; rather a comma
    or a colon ends the first, and never a number whose unit would begin the second.
    """
    side = 3 if down else 2
    renderer = figure.canvas.get_renderer()

    def length(line):
        text.set_text(line)
        return text.get_window_extent(renderer).bounds[side]

    def filled(told, room):
        lines = [""]
        for word in told.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if not lines[-1] or length(longer) <= room:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    lines = []
    for told in text.get_text().split("\n"):
        fewest = filled(told, room)
        if len(fewest) == 2:
            words = told.split(" ")
            pairs = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
            fewest = min((pair for pair in pairs if max(map(length, pair)) <= room),
                         key=_uneven, default=fewest)  # fmt: skip
        lines += fewest
    text.set_text("\n".join(lines))


def _uneven(pair) -> float:
    """How badly a text is broken into these two lines."""
    first, second = map(len, pair)
    ends = pair[0][-1]
    worse = 0.15 if ends.isdigit() or ends == "%" else -0.15 if ends in ",;:." else 0
    return max(first, second) / (first + second) + worse


def _on_white(colour):
    """A colour in which words can be read on white: darker, if its contrast is under 4.5 to 1."""
    parts = np.array(to_rgb(colour))
    while _light(parts) > 1.05 / 4.5 - 0.05:
        parts = 0.95 * parts
    return to_hex(parts)


def _light(parts):
    """The relative luminance of a colour (WCAG 2)."""
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def _close_up(figure):
    """Take out the height that round circles and square cells leave empty."""
    if any(axes.get_aspect() == "auto" for axes in figure.axes):
        return
    figure.draw_without_rendering()
    slack = [
        axes.get_position(original=True).height - axes.get_position().height for axes in figure.axes
    ]
    width, height = figure.get_size_inches()
    if slack and min(slack) * height > 0.1:
        figure.set_size_inches(width, height * (1 - min(slack)) + 0.02)


def show(figure, alt: str) -> None:
    """Display a figure with a text alternative for those who can't see it.

    Parameters
    ----------
    figure : Figure
    alt : str
        What the picture shows, in a sentence or two. It is also what a reader without pictures
        gets, and what a fresh run of a lesson is compared by.
    """
    alt = typeset(alt)
    settle(figure)
    drawn = io.BytesIO()
    cut = _cut(figure)
    headed = _headed(figure, cut)
    as_it_is = {"compress_level": 0}  # it is read again at once
    figure.savefig(drawn, format="png", dpi=_DOTS, bbox_inches=cut, pil_kwargs=as_it_is)
    plt.close(figure)
    picture = Image.open(drawn).convert("RGB")
    width, height = (round(side * _PIXELS / _DOTS) for side in picture.size)
    small = io.BytesIO()
    # nearly as small as can be, in less than half of the time
    _few_colours(picture).save(small, format="png", compress_level=8)
    data = {"image/png": base64.b64encode(small.getvalue()).decode(), "text/plain": alt}
    size = {"alt": alt, "width": width, "height": height, **headed}
    display(data, raw=True, metadata={"image/png": size})


def _headed(figure, cut):
    """The title, and how far down it reaches: a slide has it in its own letters instead."""
    heading = figure._suptitle
    if heading is None or not heading.get_text():
        return {}
    foot = heading.get_window_extent().y0 / figure.dpi
    return {
        "title": " ".join(heading.get_text().split("\n")),
        "foot": round((cut.y1 - foot) * _PIXELS),
    }


def _cut(figure):
    """What is saved: no empty strips above and below, and to the sides as wide as every figure."""
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox()
    wide = figure.get_size_inches()[0]
    figure.set_layout_engine("none")  # all has its place now: it need not be found once more
    foot = max(drawn.y0, _foot(figure)) - 0.06
    return Bbox([[min(0, drawn.x0), foot], [max(wide, drawn.x1), drawn.y1 + 0.06]])


def _foot(figure) -> float:
    """How far down anything is drawn, in inches: axes without a frame may be empty below."""
    renderer = figure.canvas.get_renderer()
    lowest = [text.get_window_extent(renderer).y0 for text in figure.texts if text.get_text()]
    for axes in figure.axes:
        parts = [axes]
        if not any(spine.get_visible() for spine in axes.spines.values()):
            frame = [axes.patch, *axes.spines.values()]
            parts = [part for part in axes.get_children() if part not in frame]
            behind = [text.get_bbox_patch() for text in axes.texts]  # a box around its words
            parts += [patch for patch in behind if patch is not None]
        boxes = [part.get_tightbbox(renderer) for part in parts if part.get_visible()]
        lowest += [box.y0 for box in boxes if box is not None and np.isfinite(box.y0)]
    return min(lowest, default=0) / figure.dpi


def _few_colours(picture):
    """The same in 64 colours, for a file a third as large: the 40 that fill most of it stay exact.

    The others are of letters' and lines' soft edges. If all were chosen for the picture as a whole,
    a group of dots could take the colour of its neighbours. What is nearly a more frequent colour
    is left out: the search for the nearest is rough, and white would become nearly white.
    """
    colours = []
    for _, colour in sorted(picture.getcolors(picture.width * picture.height), reverse=True):
        if len(colours) < 40 and not any(_nearly(colour, other) for other in colours):
            colours.append(colour)
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.NEAREST)
    edges = half.quantize(24, dither=Image.Dither.NONE).getpalette()
    edges = [tuple(edges[start : start + 3]) for start in range(0, min(len(edges), 3 * 24), 3)]
    exact = tuple(colours)
    colours += [edge for edge in edges if not any(_nearly(edge, other) for other in exact)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours for part in colour])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _nearly(one, other) -> bool:
    return max(abs(part - beside) for part, beside in zip(one, other, strict=True)) < 8


__all__ = ["COLOURS", "INK", "SMALL", "WIDTH", "arrow", "bare", "box", "figure", "finish", "key",
           "settle", "short", "show", "title"]  # fmt: skip
