"""What the confirmation page says, in the languages of our templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auth_engine.core.types import TicketKind


@dataclass(frozen=True, slots=True)
class Words:
    """`asks` and `does`: the question and the button, for each kind of ticket."""

    asks: Mapping[TicketKind, str]
    does: Mapping[TicketKind, str]
    code: str
    wrong_code: str
    ignore: str


def words_of(locale: str) -> Words:
    """English for a language that we do not speak."""
    return _WORDS.get(locale, _WORDS["en"])


def _table(verify: str, sign_in: str, reset: str, change: str) -> Mapping[TicketKind, str]:
    return {
        TicketKind.VERIFY_EMAIL: verify,
        TicketKind.PASSWORDLESS_EMAIL: sign_in,
        TicketKind.PASSWORD_RESET: reset,
        TicketKind.EMAIL_CONFIRM_CHANGE: change,
        TicketKind.MFA_TOTP: sign_in,
    }


_WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        asks=_table(
            "Is this your e-mail address?", "Sign in?", "Choose a new password?", "Use your new e-mail address?"
        ),
        does=_table("Yes, verify it", "Sign in", "Continue", "Yes, use it"),
        code="Code of your authenticator app",
        wrong_code="This code is not right.",
        ignore="If you did not ask for this, close this page: nothing happens.",
    ),
    "fr": Words(
        asks=_table(
            "Cette adresse est-elle la vôtre ?",
            "Se connecter ?",
            "Choisir un nouveau mot de passe ?",
            "Utiliser votre nouvelle adresse ?",
        ),
        does=_table("Oui, la vérifier", "Se connecter", "Continuer", "Oui, l'utiliser"),
        code="Code de votre application d'authentification",
        wrong_code="Ce code n'est pas le bon.",
        ignore="Si vous n'avez rien demandé, fermez cette page : rien ne se passera.",
    ),
    "es": Words(
        asks=_table(
            "¿Es esta su dirección de correo?",
            "¿Iniciar sesión?",
            "¿Elegir una nueva contraseña?",
            "¿Usar su nueva dirección de correo?",
        ),
        does=_table("Sí, verificarla", "Iniciar sesión", "Continuar", "Sí, usarla"),
        code="Código de su aplicación de autenticación",
        wrong_code="Este código no es correcto.",
        ignore="Si no lo ha pedido usted, cierre esta página: no pasará nada.",
    ),
    "cs": Words(
        asks=_table(
            "Je to vaše e-mailová adresa?",
            "Přihlásit se?",
            "Zvolit nové heslo?",
            "Používat novou e-mailovou adresu?",
        ),
        does=_table("Ano, ověřit", "Přihlásit se", "Pokračovat", "Ano, používat"),
        code="Kód z ověřovací aplikace",
        wrong_code="Tento kód není správný.",
        ignore="Pokud jste o to nežádali, zavřete tuto stránku: nic se nestane.",
    ),
    "bg": Words(
        asks=_table(
            "Това ли е вашият имейл адрес?",
            "Вход в профила?",
            "Избор на нова парола?",
            "Използване на новия имейл адрес?",
        ),
        does=_table("Да, потвърди го", "Вход", "Продължи", "Да, използвай го"),
        code="Код от приложението за удостоверяване",
        wrong_code="Този код не е верен.",
        ignore="Ако не сте поискали това, затворете страницата: нищо няма да се случи.",
    ),
}
