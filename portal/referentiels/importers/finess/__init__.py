"""FINESS structures: the frozen CSV extraction, and FINESS+ in JSON."""
