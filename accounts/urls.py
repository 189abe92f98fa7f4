"""Addresses of the accounts: the doors here, sign-up and preferences beside."""

from django.urls import path

from accounts.cps.urls import urlpatterns as card_urls
from accounts.psc.urls import urlpatterns as psc_urls
from accounts.urls_preferences import urlpatterns as preferences_urls
from accounts.urls_sign_up import urlpatterns as sign_up_urls
from accounts.urls_strong import urlpatterns as strong_urls
from accounts.views import (
    ephemeral,
    lock,
    lost_factor,
    means,
    reprove,
    robot,
    second_proof,
    sessions,
    sign_in,
    sign_out,
)

app_name = "accounts"

urlpatterns = [
    path("connexion/", sign_in.page, name="sign_in"),
    path("connexion/poste/", sign_in.desk, name="desk"),
    path("connexion/code-ephemere/", ephemeral.ask, name="ephemeral"),
    path("connexion/code-ephemere/saisie/", ephemeral.enter, name="ephemeral_code"),
    path("connexion/code-ephemere/renvoyer/", ephemeral.resend, name="ephemeral_resend"),
    path("connexion/verification/", second_proof.page, name="second_proof"),
    path("connexion/verification/envoyer/", second_proof.send, name="second_proof_send"),
    path("connexion/annuler/", second_proof.cancel, name="sign_in_cancel"),
    path("connexion/preuve/", reprove.reprove, name="reprove"),
    path("connexion/preuve/envoyer/", reprove.reprove_send, name="reprove_send"),
    path("connexion/niveau/", reprove.step_up, name="step_up"),
    path("deconnexion/", sign_out.sign_out, name="sign_out"),
    path("session/prolonger/", sign_out.extend, name="session_extend"),
    path("session/verrouiller/", lock.lock_now, name="lock"),
    path("session/verrouillee/", lock.page, name="locked"),
    path("session/verrouillee/envoyer/", lock.send, name="locked_send"),
    path("session/verrouillee/e-cps/", lock.by_ecps, name="locked_ecps"),
    path("session/verrouillee/changer/", lock.change_person, name="locked_change"),
    path("robot/defi/", robot.challenge, name="robot_challenge"),
    path("robot/image/", robot.image, name="robot_image"),
    path("preferences/moyens/", means.overview, name="means"),
    path("preferences/moyens/application/", means.authenticator, name="totp_add"),
    path("preferences/moyens/application/retirer/", means.remove_authenticator, name="totp_remove"),
    path("preferences/moyens/perdu/", lost_factor.page, name="factor_lost"),
    path("preferences/moyens/perdu/annuler/", lost_factor.cancel, name="factor_lost_cancel"),
    path("connexion/moyen-perdu/", lost_factor.explain, name="factor_lost_help"),
    path("connexion/moyen-perdu/pas-moi/", lost_factor.not_me, name="factor_not_me"),
    path("preferences/moyens/cles/ajouter/", means.passkey, name="passkey_add"),
    path("preferences/moyens/cles/<slug:reference>/retirer/", means.remove_passkey, name="passkey_remove"),
    path("preferences/moyens/codes-de-secours/", means.recovery_codes, name="recovery_codes"),
    path(
        "preferences/moyens/codes-de-secours/renouveler/",
        means.renew_recovery_codes,
        name="recovery_codes_renew",
    ),
    path(
        "preferences/moyens/codes-de-secours/fichier/",
        means.download_recovery_codes,
        name="recovery_codes_file",
    ),
    path(
        "preferences/moyens/codes-de-secours/gardes/", means.recovery_codes_kept, name="recovery_codes_kept"
    ),
    path("preferences/sessions/", sessions.overview, name="sessions"),
    path("preferences/sessions/fermer-les-autres/", sessions.end_others, name="sessions_end_others"),
    path("preferences/sessions/fermer-tout/", sessions.end_all, name="sessions_end_all"),
    path("preferences/sessions/pas-moi/", sessions.not_me, name="not_me"),
    path("preferences/sessions/<slug:reference>/fermer/", sessions.end, name="session_end"),
    path("preferences/journal/", sessions.security_journal, name="security_journal"),
    *card_urls,
    *psc_urls,
    *sign_up_urls,
    *preferences_urls,
    *strong_urls,
]
