"""Components as HTML: what a screen reader and a browser without JavaScript get."""

import html5lib
import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.safestring import mark_safe

from portal.common.forms import Form as PortalForm
from portal.common.templatetags.portal_icons import ICONS
from portal.gallery import samples


def draw(source, **context):
    return Template(source).render(Context(context))


class Small(forms.Form):
    nom = forms.CharField(label="Nom", help_text="Comme sur votre carte.")
    pays = forms.CharField(label="Pays", required=False)
    mot = forms.CharField(label="Mot de passe", widget=forms.PasswordInput)
    motif = forms.CharField(label="Motif", widget=forms.Textarea, max_length=50, required=False)
    choix = forms.ChoiceField(
        label="Civilité", choices=[("a", "Madame"), ("b", "Monsieur")], widget=forms.RadioSelect
    )
    accord = forms.BooleanField(label="J’accepte")
    jeton = forms.CharField(widget=forms.HiddenInput, required=False)


class Whole(PortalForm):
    nom = forms.CharField(label="Nom")
    prenom = forms.CharField(label="Prénom")
    jeton = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_ties_label_hint_and_error_to_its_control():
    form = Small({})
    html = draw("{% field form.nom %}", form=form)
    assert '<label for="id_nom">Nom' in html
    assert 'id="id_nom_helptext">Comme sur votre carte.' in html
    assert 'aria-describedby="id_nom_helptext id_nom_error"' in html
    assert 'aria-invalid="true"' in html
    assert "Ce champ est obligatoire." in html.split('id="id_nom_error"')[1]


def test_only_what_is_optional_is_marked():
    form = Small()
    assert "(facultatif)" in draw("{% field form.pays %}", form=form)
    assert "(facultatif)" not in draw("{% field form.nom %}", form=form)


def test_a_group_of_choices_is_a_fieldset_with_its_error():
    html = draw("{% field form.choix %}", form=Small({}))
    assert "<fieldset" in html and "<legend>Civilité" in html
    assert 'aria-describedby="id_choix_error"' in html
    assert html.count('type="radio"') == 2


def test_a_long_text_says_its_limit_without_javascript():
    assert "50 caractères au plus" in draw("{% field form.motif %}", form=Small())


def test_a_password_button_shows_only_with_javascript():
    html = draw("{% field form.mot %}", form=Small())
    assert 'type="password"' in html
    assert "hidden data-portal-reveal" in html


def test_a_hidden_field_draws_nothing_around_itself():
    assert draw("{% field form.jeton %}", form=Small()).strip().startswith("<input")


def test_hints_are_escaped_unless_the_code_marked_them_safe():
    plain, trusted = Small(), Small()
    plain.fields["nom"].help_text = "<b>non</b>"
    trusted.fields["nom"].help_text = mark_safe("<b>oui</b>")
    assert "&lt;b&gt;non" in draw("{% field form.nom %}", form=plain)
    assert "<b>oui</b>" in draw("{% field form.nom %}", form=trusted)


def test_what_a_person_typed_is_escaped_in_the_error_summary_and_the_field():
    form = Small({"nom": "<script>", "mot": "x", "choix": "<img>", "accord": "on"})
    html = draw(
        '{% include "components/error_summary.html" with form=form only %}{% field form.nom %}', form=form
    )
    assert "<script>" not in html and "<img>" not in html


def test_the_error_summary_links_to_the_first_control_of_each_field():
    html = draw('{% include "components/error_summary.html" with form=form only %}', form=Small({}))
    assert "4 points sont à corriger" in html
    assert 'href="#id_nom"' in html and 'href="#id_choix_0"' in html


def test_the_error_summary_names_the_field_once():
    form = Small({})
    form.add_error("nom", "Renseignez ce champ : Nom.")
    form.add_error("mot", "Trop court.")
    html = draw('{% include "components/error_summary.html" with form=form only %}', form=form)
    assert ">Renseignez ce champ : Nom.</a>" in html
    assert ">Mot de passe : Trop court.</a>" in html


def test_the_error_summary_is_absent_from_a_form_without_error():
    assert (
        draw('{% include "components/error_summary.html" with form=form only %}', form=Small()).strip() == ""
    )


def test_a_whole_form_of_the_portal_is_drawn_with_the_same_fields():
    html = str(Whole({}))
    assert html.count('class="field has-error"') == 2
    assert 'type="hidden"' in html


@pytest.mark.parametrize("name", sorted(ICONS))
def test_each_icon_is_well_formed_and_decorative(name):
    html = draw("{% portal_icon name %}", name=name)
    assert 'aria-hidden="true"' in html
    parser = html5lib.HTMLParser(strict=True)
    parser.parseFragment(html)


def test_an_icon_with_a_label_is_an_image():
    assert 'role="img" aria-label="Fermé"' in draw('{% icon "lock" label="Fermé" %}')


def test_an_unknown_icon_is_an_error():
    with pytest.raises(KeyError):
        draw('{% icon "licorne" %}')


@pytest.mark.parametrize("tone", ["neutral", "accent", "info", "positive", "warning", "danger"])
def test_a_tone_never_comes_without_its_icon(tone):
    for source in ('{% badge "État" tone=tone %}', '{% banner "Texte" tone=tone %}'):
        html = draw(source, tone=tone)
        assert f"tone-{tone}" in html and "<svg" in html


def test_the_current_tab_is_told():
    html = draw('{% tabs items current="password" label="Moyens" %}', items=samples.TABS)
    assert html.count('aria-current="page"') == 1
    assert 'href="?onglet=card"' in html


def test_the_stepper_links_only_to_what_is_done():
    html = draw("{% stepper steps current=2 %}", steps=samples.STEPS)
    assert "Étape 2 sur 5" in html
    assert 'href="#identite"' in html and 'href="#exercice"' not in html
    assert html.count('aria-current="step"') == 1


def test_pages_keep_the_other_criteria():
    request = RequestFactory().get("/liste/", {"q": "cardio", "page": "2"})
    html = draw("{% pagination page %}", page=Paginator(range(100), 10).page(2), request=request)
    assert 'href="?q=cardio&amp;page=3"' in html
    assert "11 à 20 sur 100" in html


def test_a_single_page_has_no_page_links():
    request = RequestFactory().get("/")
    assert draw("{% pagination page %}", page=Paginator(range(3), 10).page(1), request=request).strip() == ""


def test_a_tile_moves_and_stars_without_javascript():
    html = draw(
        "{% tile app starred=True star_url='/favoris/ror/' movable=True %}", app=samples.APPLICATIONS[0]
    )
    assert 'action="/favoris/ror/"' in html and 'name="favori" value="0"' in html
    assert 'aria-pressed="true"' in html
    assert "vers la gauche" in html and "vers la droite" in html


def test_the_policy_lists_each_rule_of_the_profile(plateforme):
    html = draw(
        "{% password_policy policy for_id='id_mdp' confirm_id='id_mdp2' %}",
        policy=plateforme("esante-cvl").password,
    )
    for rule in (
        "Au moins 12 caractères",
        "une minuscule",
        "une majuscule",
        "un chiffre",
        "un caractère spécial",
    ):
        assert rule in html
    assert "Les deux saisies sont identiques" in html


def test_a_policy_of_some_classes_among_several_says_so(plateforme):
    html = draw("{% password_policy policy for_id='id_mdp' %}", policy=plateforme("entractes").password)
    assert "Au moins 3 sortes de caractères parmi" in html


def test_a_countdown_never_starts_below_zero():
    assert 'data-portal-countdown="0"' in draw("{% countdown -4 %}")


def test_the_robot_check_has_another_way_without_javascript():
    html = draw("{% robot url='/robot/defi/' %}<p>Un lien par courriel</p>{% endrobot %}")
    assert "<noscript><p>Un lien par courriel</p></noscript>" in html
    assert 'name="altcha"' in html
