"""A person's own pages: profile, sessions, API tokens, activation. Logging in and passwords are Flask-Security's."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import hash_password, login_user
from flask_security.change_email import change_email_confirm
from flask_security.confirmable import send_confirmation_instructions
from sqlalchemy.exc import IntegrityError

from core import i18n
from core.config import current_settings
from core.db import db
from core.errors import DomainError, Invalid, NotFound, status_of
from core.files.pictures import store_picture
from core.i18n import _
from core.users import queries, service, sessions
from core.users.account_forms import ActivationForm, ProfileForm, TokenForm
from core.users.current import current_person
from core.users.devices import describe, is_handheld
from core.users.forms import THEN, security
from core.users.guards import browser_required
from core.users.pictures import avatar_url
from core.web.once import earlier_target, leads_to
from core.web.pages import safe_target

bp = Blueprint("users", __name__, template_folder="templates")
bp.add_app_template_global(avatar_url)


@bp.route("/account", methods=["GET", "POST"])
@browser_required
def profile() -> ResponseReturnValue:
    """Name, language, time zone, picture."""
    person = current_person()
    zone = person.timezone or current_settings().default_timezone
    locale = person.locale or str(i18n.get_locale())
    form = ProfileForm(present_zone=zone, data={"name": person.name, "locale": locale, "timezone": zone})
    if not form.is_submitted():
        return render_template("users/profile.html", form=form)
    if not form.validate():
        return render_template("users/profile.html", form=form), 422
    service.update_profile(person, name=form.name.data or "", locale=form.locale.data, timezone=form.timezone.data)
    i18n.forget_choice()
    response = redirect(url_for("users.profile"), 303)
    # The cookie is what the language button of every page sets, and would win over the account.
    response.set_cookie(i18n.COOKIE, form.locale.data, max_age=31_536_000, samesite="Lax", httponly=True)
    with i18n.force_locale(form.locale.data):
        flash(_("Saved."), "success")
    return response


@bp.post("/account/picture")
@browser_required
def set_picture() -> ResponseReturnValue:
    """Takes a picture of the person in place of the initials."""
    person = current_person()
    file = request.files.get("picture")
    if file is None or not file.filename:
        raise Invalid(_("Choose a picture first."), field="picture")
    asset = store_picture(file, kind="avatar", institution_id=None, uploader_id=person.id)
    service.set_picture(person, asset.id)
    flash(_("Your new picture is in place."), "success")
    return redirect(url_for("users.profile"), 303)


@bp.post("/account/picture/remove")
@browser_required
def remove_picture() -> ResponseReturnValue:
    """Shows the initials again."""
    service.set_picture(current_person(), None)
    flash(_("Your picture has been removed."), "success")
    return redirect(url_for("users.profile"), 303)


@bp.get("/account/sessions")
@browser_required
def list_sessions() -> ResponseReturnValue:
    """Where the person is logged in."""
    rows = queries.sessions_of(current_person())
    return render_template(
        "users/sessions.html",
        rows=rows,
        present=sessions.current_session_id(),
        describe=describe,
        is_handheld=is_handheld,
    )


@bp.post("/account/sessions/<int:session_id>/end")
@browser_required
def end_session(session_id: int) -> ResponseReturnValue:
    """Logs one browser out."""
    service.end_session(current_person(), session_id)
    flash(_("That browser has been logged out."), "success")
    return redirect(url_for("users.list_sessions"), 303)


@bp.post("/account/sessions/end-others")
@browser_required
def end_other_sessions() -> ResponseReturnValue:
    """Logs out everywhere but here."""
    service.end_sessions(current_person(), but=sessions.current_session_id())
    flash(_("All other browsers have been logged out."), "success")
    return redirect(url_for("users.list_sessions"), 303)


@bp.get("/account/tokens")
@browser_required
def list_tokens() -> ResponseReturnValue:
    """The person's API tokens, and a form for a new one."""
    return render_template("users/tokens.html", rows=queries.tokens_of(current_person()), form=TokenForm())


@bp.post("/account/tokens")
@browser_required
def make_token() -> ResponseReturnValue:
    """Makes a token and shows it, this once."""
    person, form = current_person(), TokenForm()
    if not form.validate():
        return render_template("users/tokens.html", rows=queries.tokens_of(person), form=form), 422
    if (target := earlier_target(form.once.data)) is not None:
        flash(_("This token was made already. It can be seen only once: revoke it and make another."), "warning")
        return redirect(target, 303)
    try:
        token = service.make_token(
            person, name=form.name.data or "", read_only=form.access.data != "write", expires_at=form.expires_at()
        )
    except DomainError as error:
        form.form_errors.append(error.sentence)
        return render_template("users/tokens.html", rows=queries.tokens_of(person), form=form), status_of(error)
    leads_to(form.once.data, url_for("users.list_tokens"))
    return render_template("users/token_made.html", token=token, name=form.name.data), 201


@bp.post("/account/tokens/<int:token_id>/revoke")
@browser_required
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Ends a token."""
    service.revoke_token(current_person(), token_id)
    flash(_("The token has been revoked."), "success")
    return redirect(url_for("users.list_tokens"), 303)


@bp.post("/account/confirm")
@browser_required
def resend_confirmation() -> ResponseReturnValue:
    """Sends the link that confirms the address once more."""
    person = current_person()
    if person.email and person.confirmed_at is None:
        send_confirmation_instructions(person)  # type: ignore[no-untyped-call]
    flash(_("We have written to %(email)s. Open the link in the mail.", email=person.email or ""), "success")
    return redirect(safe_target(request.form.get("next"), url_for("users.profile")), 303)


@bp.get("/registered")
def registered() -> ResponseReturnValue:
    """What comes after registering; the same whether the address was free or not."""
    return render_template("users/registered.html", then=safe_target(session.get(THEN), ""))


@bp.get("/agreement")
def agreement() -> ResponseReturnValue:
    """How personal data is used."""
    return render_template("users/agreement.html")


def again_if_taken(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: of two who take the same address at the same moment the second finds it taken, as if it came later."""

    @wraps(view)
    def again(**arguments: Any) -> Any:
        try:
            return view(**arguments)
        except IntegrityError:
            db.session.rollback()
            return view(**arguments)

    return again


def ask_to_confirm(action: str) -> str:
    """The page behind a link from a letter: one button. Mail scanners open links; they do not press buttons."""
    return render_template("users/confirm.html", action=action)


@bp.post("/account/email/<token>")
@again_if_taken
def confirm_new_email(token: str) -> ResponseReturnValue:
    """Takes over a new address whose owner pressed the button."""
    response: ResponseReturnValue = change_email_confirm(token)  # type: ignore[no-untyped-call]
    db.session.flush()
    return response


@bp.route("/activate/<token>", methods=["GET", "POST"])
def activate(token: str) -> ResponseReturnValue:
    """The first log-in of somebody whom an institution brought in."""
    try:
        link, person = queries.activation(token)
    except NotFound as error:
        return render_template("users/activation_over.html", reason=error.sentence), 404
    form = ActivationForm()
    if not form.is_submitted():
        return render_template("users/activate.html", form=form, person=person)
    password = ""
    if form.validate():
        problems, password = security().password_util.validate(form.password.data or "", False, user=person)
        form.password.errors = problems or []
    if form.errors:
        return render_template("users/activate.html", form=form, person=person), 422
    service.activate(link, person, hash_password(password))
    login_user(person, authn_via=["activation"])
    if person.email and person.confirmed_at is None:
        send_confirmation_instructions(person)  # type: ignore[no-untyped-call]
    flash(_("Welcome. From now on you log in with the password you have just set."), "success")
    return redirect("/my", 303)
