import sys

from portal.launcher.cli import main

# A terminal that has no accents shows something in their place.
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(errors="replace")  # type: ignore[union-attr]
sys.exit(main())
