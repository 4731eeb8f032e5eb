"""Writing the student frozen, and measuring what it costs against the teacher."""

from potstill.export.int8 import load_int8
from potstill.export.stage import write

__all__ = ["load_int8", "write"]
