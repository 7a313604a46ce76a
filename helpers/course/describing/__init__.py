"""``course describe``: look at an export, and propose a parameter file for it.

It proposes, and the user decides: each line says why it is there, what is not sure stands in a
comment, and what must be decided says TODO, which a run refuses. At run time nothing is guessed.
"""

from helpers.course.describing.proposing import describe
from helpers.course.describing.writing import refuse_undecided
