"""Why a backup or a restore stops: a French sentence for whoever runs it."""


class BackupError(Exception):
    """The message says what happened and what to do; nothing was changed unless it says so."""


class SealBroken(BackupError):
    """The file is cut, altered, or opened with another key."""
