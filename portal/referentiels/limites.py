"""How many suggestions one address may ask for: the directory is open, not to be copied whole (ABU-7)."""

from __future__ import annotations

import time

from django.core.cache import cache

# A hospital is one address: several hundred people typing at once stay under this.
PER_MINUTE = 600
WINDOW = 60


def too_many(address: str, *, limit: int = PER_MINUTE, now: float | None = None) -> int:
    """0 when this request may pass, else the seconds to wait. Counts the request.

    The count lives in the shared cache; without the cache suggestions stay open (public data, and a page must not
    fall with the cache).
    """
    moment = time.time() if now is None else now
    key = f"referentiels:suggestions:{address}:{int(moment // WINDOW)}"
    try:
        cache.add(key, 0, timeout=2 * WINDOW)
        spent = cache.incr(key)
    except Exception:  # noqa: BLE001  the cache clients raise errors of their own, all meaning "no cache"
        return 0
    return int(WINDOW - moment % WINDOW) + 1 if spent > limit else 0
