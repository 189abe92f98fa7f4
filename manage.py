#!/usr/bin/env python3
"""Django's command line. Without DJANGO_SETTINGS_MODULE it speaks to the demo started by `bin/run`."""

import os
import sys


def main() -> None:
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        from portal.launcher import running  # noqa: PLC0415  the demo alone: nothing is read for another settings

        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.demo"
        os.environ.update(running.addresses())
    from django.core.management import execute_from_command_line  # noqa: PLC0415  after the settings are named

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
