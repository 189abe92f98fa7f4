"""Container health: /sante/vivant answers 200 on the local port, asked under the first allowed host name."""

import os
import sys
import urllib.request

host = os.environ["ALLOWED_HOSTS"].split(",")[0].strip()
request = urllib.request.Request(
    "http://127.0.0.1:8000/sante/vivant", headers={"Host": host, "X-Forwarded-Proto": "https"}
)
with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310  a fixed local address
    sys.exit(0 if answer.status == 200 else 1)
