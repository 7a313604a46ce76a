"""How every figure of the course looks, and how it reaches the page.

Drawn at 180 dots per inch and shown at about half of that, so that it is sharp on any screen; with
letters large enough to be read on a phone. Titles state the finding and wrap.
"""

from __future__ import annotations

import base64
import io
import os
import textwrap

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import PercentFormatter
from PIL import Image

from helpers.colours import BLUE, GREEN, GREY, INK, ORANGE, PINK

#: Told apart by those who see few colours, too; for things without a colour of their own.
COLOURS = [BLUE, ORANGE, GREEN, PINK, "#56B4E9", "#E69F00", "#444444", "#8C6D31", GREY, "#7B3294"]
WIDTH = 6.6  # inches, of nearly all figures
# per inch: drawn (tests, which compare no pictures, ask for fewer), and shown
_DOTS, _PIXELS = int(os.environ.get("PICTURE_DOTS", 180)), 96
_STYLE = {
    "figure.figsize": (WIDTH, 3.7),
    "figure.dpi": _PIXELS,
    "font.size": 11.5,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "figure.constrained_layout.use": True,
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


def title(axes, text: str) -> None:
    """Set a title that states the finding; a long one goes on in the next line."""
    inches = axes.figure.get_size_inches()[0]
    axes.set_title("\n".join(textwrap.wrap(text, int(9.2 * inches))))


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
            axis.set_major_formatter(PercentFormatter(1, decimals=None))
    show(figure, alt or f"{finding}.")


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
    return name if len(name) <= width else f"{name[: width - 1].rstrip()}…"


def show(figure, alt: str) -> None:
    """Display a figure with a text alternative for those who can't see it.

    Parameters
    ----------
    figure : Figure
    alt : str
        What the picture shows, in a sentence or two. It is also what a reader without pictures
        gets, and what a fresh run of a lesson is compared by.
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DOTS, bbox_inches="tight")
    plt.close(figure)
    picture = Image.open(drawn).convert("RGB")
    width, height = (round(side * _PIXELS / _DOTS) for side in picture.size)
    small = io.BytesIO()
    # nearly as small as can be, in less than half of the time
    _few_colours(picture).save(small, format="png", compress_level=8)
    data = {"image/png": base64.b64encode(small.getvalue()).decode(), "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt, "width": width, "height": height}})


def _few_colours(picture):
    """The same in 64 colours, for a file a third as large: the 32 that fill most of it stay exact.

    The others are of letters' and lines' soft edges. If all were chosen for the picture as a whole,
    a group of dots could take the colour of its neighbours.
    """
    most = sorted(picture.getcolors(picture.width * picture.height), reverse=True)[:32]
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.NEAREST)
    edges = half.quantize(32, dither=Image.Dither.NONE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in most for part in colour] + edges[: 3 * 32])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


__all__ = ["COLOURS", "INK", "WIDTH", "arrow", "bare", "box", "figure", "finish", "short", "show",
           "title"]  # fmt: skip
