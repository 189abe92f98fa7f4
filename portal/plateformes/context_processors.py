"""Every template knows the platform it is shown on."""

from django.http import HttpRequest

from portal.plateformes import Plateforme, current


def plateforme(request: HttpRequest) -> dict[str, Plateforme]:
    return {"plateforme": current()}
