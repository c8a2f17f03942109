"""What guests download is not what developers read: JavaScript without its comments and indentation.

This relies on how our modules are written (doc blocks start on a line of their own, ` // ` stands in no string), and
is no minifier: names, lines and statements stay as they are, so that an error on a guest's phone can be read.
"""

from __future__ import annotations

import re

_DOC_BLOCK = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n|[ \t]+// .*$", re.MULTILINE)
_INDENTATION = re.compile(r"^[ \t]+|^\n", re.MULTILINE)


def without_comments(source: str) -> str:
    """JavaScript without doc blocks, `//` comments, indentation and empty lines."""
    return _INDENTATION.sub("", _LINE_COMMENT.sub("", _DOC_BLOCK.sub("", source)))
