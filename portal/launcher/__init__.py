"""What `bin/run` is made of: embedded servers, one supervisor, a self-check.

Nothing here imports the product; the product never imports it. Standard library only, but for the
database driver that creates the demo database.
"""
