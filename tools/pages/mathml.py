"""A Sphinx extension: formulas as MathML, which browsers show without a script from another host."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

_SPELLED = {r"\dots": r"\ldots"}          # what the converter knows by another name


def converted(text: str, block: bool) -> str:
    """LaTeX as MathML. Raises docutils' MathError for what it does not know."""
    for theirs, known in _SPELLED.items():
        text = text.replace(theirs, known)
    made: str = tex2mathml(text, as_block=block)
    return made


def _inline(writer: Any, node: Any) -> None:
    writer.body.append(converted(node.astext(), False))
    raise nodes.SkipNode


def _block(writer: Any, node: Any) -> None:
    writer.body.append(f'<div class="formula">{converted(node.astext(), True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
