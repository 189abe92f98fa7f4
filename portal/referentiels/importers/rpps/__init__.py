"""RPPS open files: people with their activities, know-how, diplomas."""
