"""The one error that a person reads."""


class LaunchError(Exception):
    """Stops the start. The message is a French sentence that says what to do."""
