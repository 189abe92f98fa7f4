"""The CPS card, from the reader on the desk to a proven identity (docs/carte-cps.md)."""
