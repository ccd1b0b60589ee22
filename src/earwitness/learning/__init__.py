"""Learning: from what people put right and reviewers heard, to a better recogniser, and back when somebody says so.

corrections → snapshot (ids, never copies) → split (by person) → adapt → evaluate → gate → release; forget undoes it.
"""
