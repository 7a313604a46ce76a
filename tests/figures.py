"""Reading a figure back: what is written on it and where its artists stand."""

from matplotlib.colors import to_hex


def written(axes):
    return [text.get_text() for text in axes.texts]


def title(axes):
    return axes.get_title(loc="left").replace("\n", " ")


def dots(axes, marker="o"):
    """Place and colour of the dots."""
    return [
        (line.get_xdata()[0], line.get_ydata()[0], to_hex(line.get_color()))
        for line in axes.lines
        if line.get_marker() == marker and len(line.get_xdata()) == 1
    ]


def stripes(axes, least=3):
    """Ends of the thick horizontal lines."""
    return [
        tuple(line.get_xdata())
        for line in axes.lines
        if line.get_marker() != "o" and line.get_linewidth() >= least
    ]


def no_overlap(axes):
    """No two texts lie on each other."""
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            width = min(one.x1, other.x1) - max(one.x0, other.x0)
            height = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(width, height) < 2
