"""Made-up national directory in the real formats: for the demonstration, the tests and the benches.

Nothing here describes anybody: names are drawn from lists of common words and syllables, numbers start with 997.
"""
