"""The course as a website: a static book of executed notebooks that loads nothing from elsewhere.

Nothing is executed: the pages show what is stored in the notebooks.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path

from helpers.course.notebooks import FOLDER, lessons_in
from helpers.data import PROJECT

_PAGES = ["glossary.md", "instructor_guide.md", "maintainer_guide.md"]
_INDEX = """# {title}

{lead}

{table}

```{{toctree}}
:maxdepth: 1
:caption: Lessons
{hidden}
{lessons}
```

```{{toctree}}
:maxdepth: 1
:caption: Besides

{pages}
```
"""
_LEAD = """A notebook course that teaches **product managers to build, judge and ship a product
recommender**. A homepage has shown everyone the same top sellers for two years. *Can we predict
what each customer actually wants to buy next?*

Every page is a lesson as it was executed last. To run and change one, open it in JupyterLab: see
the README."""
_RUN_LEAD = """The lessons as they were executed on this data. The result on one page:
<a href="memo.html">the decision memo</a>."""
_CONFIGURATION = {
    "extensions": ["myst_nb"],
    "html_theme": "sphinx_book_theme",
    "html_title": "What does each customer want to buy next?",
    "html_theme_options": {
        "show_toc_level": 2,
        "use_download_button": False,
        "use_fullscreen_button": False,
        "navbar_persistent": [],  # else the search stands there twice
        "footer_content_items": ["extra-footer.html"],
        "extra_footer": "Code MIT, text and data CC BY 4.0",
    },
    "html_context": {"default_mode": "light"},
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_copyright": False,
    "project": "Recommender course",
    "nb_execution_mode": "off",
    # widgets would come from the network; the lessons have none
    "nb_ipywidgets_js": {},
    "myst_heading_anchors": 3,
    "html_static_path": [],
    "language": "en",
    "suppress_warnings": ["myst.header"],
}
_STYLE = """
details { border: 1px solid #8a8a8a; border-radius: 4px; padding: .3rem .8rem; margin: .4rem 0; }
details > summary { cursor: pointer; }
details + p { margin-top: 1.5rem; } /* the next question stands apart */
div.output, .cell_output { overflow-x: auto; }
div.highlight pre { font-size: .8em; } /* lines of 100 letters */
/* tables as JupyterLab shows them; those that are for people wrap */
.cell_output table :is(th, td) { padding: .15rem .6rem; vertical-align: top; }
table.dataframe :is(th, td) { text-align: right; white-space: nowrap; }
.cell_output img { max-width: 100%; height: auto; }
/* on paper nothing can be scrolled or folded open */
@media print {
  div.highlight pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; height: auto; }
}
@media (max-width: 720px) {
  article table { display: block; overflow-x: auto; }
  a.headerlink { display: none; }
  article h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
}
"""


class SiteError(ValueError):
    """A site that can't be built. The message says why."""


def build_site(out, run=None) -> Path:
    """Build the book of the committed lessons, or of a run.

    Parameters
    ----------
    out : path-like
        Folder for the pages; what an earlier build left there is replaced.
    run : path-like, optional
        A run's folder, from ``course run``.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    SiteError
        If Sphinx is not installed, there is nothing to build, or the folder holds other things.
    """
    if util.find_spec("sphinx_book_theme") is None:
        raise SiteError("The website needs the extra `site`: `uv run --extra site course site`.")
    out = Path(out).absolute()
    if out.exists() and any(out.iterdir()) and not (out / "objects.inv").exists():
        raise SiteError(f"{out} holds other files. Choose an empty folder for the site.")
    folder = Path(run) / "notebooks" if run else FOLDER
    lessons = lessons_in(folder)
    if not lessons:
        raise SiteError(f"There are no executed lessons in {folder}.")
    with tempfile.TemporaryDirectory() as scratch:
        source, built = Path(scratch) / "source", Path(scratch) / "html"
        source.mkdir()
        pages = [] if run else [name for name in _PAGES if (folder / name).exists()]
        for path in lessons:
            _copy_lesson(path, source, {each.name for each in lessons} | set(pages))
        for name in pages:
            shutil.copy(folder / name, source)
        if not run:
            shutil.copytree(folder / "images", source / "images")
        _write_index(source, lessons, pages, run)
        (source / "course.css").write_text(_STYLE, encoding="utf-8")
        options = _CONFIGURATION | {
            "html_static_path": ["course.css"],
            "html_css_files": ["course.css"],
        }
        lines = [f"{name} = {value!r}" for name, value in options.items()]
        (source / "conf.py").write_text("\n".join(lines), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-b",
            "html",
            "-W",
            "-q",
            str(source),
            str(built),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SiteError(f"Sphinx stopped: {done.stderr.strip()[-500:]}")
        if run:
            shutil.copy(Path(run) / "index.html", built / "memo.html")
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(built, out)
    return out / "index.html"


def _write_index(source, lessons, pages, run):
    table = "" if run else _lesson_table()
    text = _INDEX.format(
        table=table,
        hidden=":hidden:\n" if table else "",
        title=Path(run).name if run else _CONFIGURATION["html_title"],
        lead=_RUN_LEAD if run else _LEAD,
        lessons="\n".join(path.stem for path in lessons),
        pages="\n".join(Path(name).stem for name in pages),
    )
    if not pages:
        text = text[: text.rindex("```{toctree}")]
    (source / "index.md").write_text(text, encoding="utf-8")


def _lesson_table() -> str:
    """What each lesson is good for, and its minutes: the README's table, for pages beside it."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| \| lesson \|.*?(?=\n\n)", readme, flags=re.M | re.S)[0]
    return table.replace("](notebooks/", "](")


def _copy_lesson(path, source, available):
    """A lesson for the book: pictures keep their texts, links stay inside it."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(\.\./README\.md(#[\w-]+)?\)", "](index.md)", cell.source)
            if "glossary.md" not in available:
                cell.source = re.sub(r"\[([^\]]+)\]\(glossary\.md#[^)]*\)", r"\1", cell.source)
            # a run of some lessons has no page for the others
            cell.source = re.sub(
                r"\[([^\]]+)\]\((\d\d[a-z]?_\w+\.ipynb)\)",
                lambda link: link[0] if link[2] in available else link[1],
                cell.source,
            )
            continue
        for output in cell.outputs:
            picture = output.get("metadata", {}).get("image/png", {})
            if picture:
                shown = {"alt": picture["alt"], "width": f"{picture['width']}px"}
                cell.metadata["mystnb"] = {"image": shown}
    nbformat.write(notebook, source / path.name)
