"""Entry point of the web processes."""

import os

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from portal.observability.charset import Utf8Only

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
_django = get_wsgi_application()
# Named, because its tables can only be imported once the applications are ready.
application = Utf8Only(import_string("portal.hub.oidc.ready.ReadyDocuments")(_django))
