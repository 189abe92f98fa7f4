"""Partner applications from the command line: create, list, give a new secret."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from portal.hub.models import Tile
from portal.hub.oidc import registry
from portal.hub.oidc.enums import ClientAuth, GrantType
from portal.hub.oidc.models import OpenIdClient


class Command(BaseCommand):
    help = "Applications partenaires : creer, lister, tourner-secret. Le secret n'est affiché qu'une fois."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        made = actions.add_parser("creer", help="déclare une application")
        made.add_argument("client_id")
        made.add_argument("--nom", required=True)
        made.add_argument("--contact", required=True)
        made.add_argument("--retour", action="append", required=True, help="adresse de retour (répétable)")
        made.add_argument("--apres-deconnexion", action="append", default=[])
        made.add_argument("--depart", default="", help="adresse où commence la connexion")
        made.add_argument("--prevenir", default="", help="adresse prévenue des déconnexions")
        made.add_argument(
            "--donnees", default="openid profile", help="données permises, séparées par un espace"
        )
        made.add_argument("--usage", action="append", choices=GrantType.values, default=[])
        made.add_argument("--niveau", type=int, choices=[1, 2, 3], default=1)
        made.add_argument("--tuile", default="", help="nom, dans l'adresse, de l'application de l'accueil")
        made.add_argument("--environnement", default="")
        made.add_argument("--region", action="store_true", help="application de la région : sans accord")
        made.add_argument(
            "--jwks", default="", help="fichier des clés publiques : private_key_jwt, sans secret"
        )
        listed = actions.add_parser("lister", help="liste les applications, sans leurs secrets")
        turned = actions.add_parser("tourner-secret", help="donne un nouveau secret")
        turned.add_argument("client_id")
        turned.add_argument("--tout-de-suite", action="store_true", help="l'ancien secret cesse aussitôt")
        for one in (made, listed, turned):
            one.add_argument("--json", action="store_true", help="écrit du JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        told = {"creer": self._create, "lister": self._list, "tourner-secret": self._turn}[options["action"]](
            options
        )
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
            return
        for row in told if isinstance(told, list) else [told]:
            for name, value in row.items():
                shown = " ".join(map(str, value)) if isinstance(value, list) else value
                self.stdout.write(f"{name} : {shown}")
            self.stdout.write("")

    def _create(self, options: dict[str, Any]) -> dict[str, Any]:
        fields = {
            "client_id": options["client_id"],
            "name": options["nom"],
            "contact": options["contact"],
            "redirect_uris": options["retour"],
            "post_logout_redirect_uris": options["apres_deconnexion"],
            "initiate_login_uri": options["depart"],
            "backchannel_logout_uri": options["prevenir"],
            "scopes": options["donnees"].split(),
            "grants": options["usage"] or [GrantType.CODE, GrantType.REFRESH],
            "needed_level": options["niveau"],
            "environment": options["environnement"],
            "is_regional": options["region"],
            "tile": self._tile(options["tuile"]),
            **self._keys(options["jwks"]),
        }
        try:
            client, secret = registry.create(fields, actor=None)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        return {**registry.describe(client), "client_secret": secret}

    def _tile(self, slug: str) -> Tile | None:
        if not slug:
            return None
        tile = Tile.objects.filter(slug=slug).first()
        if tile is None:
            raise CommandError(f"Aucune application de l'accueil ne s'appelle « {slug} ».")
        return tile

    def _keys(self, path: str) -> dict[str, Any]:
        if not path:
            return {}
        try:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123
                return {"jwks": json.load(file), "auth_method": ClientAuth.PRIVATE_KEY}
        except (OSError, ValueError) as error:
            raise CommandError(f"Le fichier de clés {path} est illisible.") from error

    def _list(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        return [registry.describe(client) for client in OpenIdClient.objects.order_by("client_id")]

    def _turn(self, options: dict[str, Any]) -> dict[str, Any]:
        client = OpenIdClient.objects.filter(client_id=options["client_id"]).first()
        if client is None or client.auth_method != ClientAuth.SECRET:
            raise CommandError(f"Aucune application à secret ne s'appelle « {options['client_id']} ».")
        secret = registry.new_secret(client, actor=None, keep_former=not options["tout_de_suite"])
        return {"client_id": client.client_id, "client_secret": secret}
