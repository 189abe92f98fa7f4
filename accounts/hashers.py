"""The password hash: Argon2id, 19 MiB, 2 passes, 1 lane (OWASP's second row; PWD-6).

More memory than 32 MiB makes the C library ask for fresh pages at each call: slower for us, not for an attacker.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class PortalArgon2Hasher(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
