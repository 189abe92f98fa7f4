"""Sections of `bin/bench`: `import` (national files) and `lookup` (suggestions), against anchors of the same run."""
