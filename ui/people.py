"""The people page: faces grouped on this machine, if the owner wants it; named, moved, erased."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from assistant.people import PeopleBook
from assistant.views import FaceView, PeopleView, PersonView
from retrieval.errors import SightlineError
from ui import runtime, state
from ui.state import library, plain, t

_FEW = 5
"""Faces of a person that the page shows; the rest is in the dialog."""
_MOST = 60
_SHOWN = 20
"""People shown at first: each draws its faces out of the photos."""
_TICK = 1.0
_DONE = "people-done"


def page() -> None:
    """Draw the page."""
    st.title(t("nav_people"), anchor=False)
    state.show_notices()
    _show_done()
    view = _book().view(library=library())
    if not view.on:
        st.markdown(t("people_off"))
        st.caption(plain(t("people_kept", place=_book().place)))
        st.button(
            t("people_turn_on"), type="primary", icon=":material/group_add:", on_click=_turn_on
        )
        return
    st.caption(t("people_intro"))
    if view.busy:
        st.fragment(_progress, run_every=_TICK)(view)
    elif not view.people:
        st.info(t("people_none"), icon=":material/search_off:")
    _everyone(view)
    _erase()


def _book() -> PeopleBook:
    return runtime.assistant().people


def _try(action: Callable[[], None], done: str = "") -> None:
    """Do something; tell of its failure, or that it is ``done``, at the next run of the page."""
    try:
        action()
    except SightlineError as error:
        state.notice_error(error)
    else:
        if done:
            st.session_state[_DONE] = done


def _show_done() -> None:
    if done := st.session_state.pop(_DONE, ""):
        st.success(done, icon=":material/check:")


def _turn_on() -> None:
    _try(lambda: _book().switch_on(library=library()))


def _progress(before: PeopleView) -> None:
    """Say how many photos wait; draw the page anew when somebody was found."""
    view = _book().view(library=library())
    if view.people != before.people or not view.busy:
        st.rerun()
    st.info(t("people_waiting", count=view.waiting), icon=":material/hourglass_top:")


def _everyone(view: PeopleView) -> None:
    """Show named people and groups of several faces; faces seen once fold away."""
    several = [p for p in view.people if p.name or p.faces > 1]
    once = [p for p in view.people if not p.name and p.faces == 1]
    shown = st.session_state.get("people-shown", _SHOWN)
    for person in several[:shown]:
        _person(person, view.people)
    if len(several) > shown and st.button(t("show_more"), icon=":material/expand_more:"):
        st.session_state["people-shown"] = shown + _SHOWN
        st.rerun()
    if once:
        with st.expander(t("people_singles", count=len(once)), key="people-once"):
            for person in once[:shown]:
                _person(person, view.people)


def _person(person: PersonView, everyone: Sequence[PersonView]) -> None:
    """Show a person: some faces, the name to give, and what else can be done."""
    faces = _book().faces(person.id, library=library())
    with st.container(border=True, key=f"person-{person.id}"):
        with st.container(horizontal=True, gap="small"):
            for face in faces[:_FEW]:
                _face(face)
        key = f"person-name-{person.id}"
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                t("people_name"),
                person.name,
                key=key,
                placeholder=t("people_unnamed"),
                max_chars=60,
                width=260,
                on_change=_name,
                args=(person.id, key),
            )
            pressed = st.button(t("people_faces"), key=f"person-open-{person.id}")
            st.caption(t("people_count", faces=person.faces, photos=person.photos))
    if pressed:
        title = plain(person.name) or t("people_unnamed")
        st.dialog(title, width="medium")(_details)(person, everyone)


def _face(face: FaceView) -> None:
    jpeg = _book().crop(face.id, library=library())
    if jpeg is not None:
        st.image(jpeg, width=84, alt=t("people_face_alt", asset=face.asset))


def _name(person: int, key: str) -> None:
    _try(lambda: _book().name(person, st.session_state[key], library=library()))


def _details(person: PersonView, everyone: Sequence[PersonView]) -> None:
    """Show every face of a person, to take out; who else it is; and how to forget."""
    others = {p.id: p for p in everyone if p.id != person.id}
    if others:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"person-same-{person.id}"
            st.selectbox(
                t("people_merge"),
                list(others),
                index=None,
                format_func=lambda n: (
                    f"{others[n].name or t('people_unnamed')} ({others[n].faces}) · {n}"
                ),
                key=key,
                width=320,
            )
            if st.button(t("people_merge_do"), key=f"person-merge-{person.id}"):
                if (other := st.session_state.get(key)) is not None:
                    _try(lambda: _book().merge(person.id, [other], library=library()))
                st.rerun()
    whose = st.text_input(t("people_whose"), key=f"person-whose-{person.id}", max_chars=60)
    with st.container(horizontal=True, key=f"faces-{person.id}"):
        for face in _book().faces(person.id, library=library())[:_MOST]:
            with st.container(width=150, gap="xxsmall", key=f"face-{face.id}"):
                _face(face)
                st.caption(plain(face.asset))
                if st.button(t("people_not_this"), key=f"face-out-{face.id}", type="tertiary"):
                    _move(face.id, whose)
    _forget(person)


def _move(face: int, whose: str) -> None:
    _try(lambda: _book().move(face, whose, library=library()))
    st.rerun()


def _forget(person: PersonView) -> None:
    """Forget in two presses."""
    name = plain(person.name) or t("people_unnamed")
    with st.expander(t("people_forget"), icon=":material/person_remove:"):
        st.warning(t("people_forget_question", name=name), icon=":material/warning:")
        if st.button(t("people_forget"), type="primary", key=f"person-forget-{person.id}"):
            forgotten = t("people_forgotten")
            _try(lambda: _book().forget(person.id, library=library()), forgotten)
            st.rerun()


def _erase() -> None:
    """Erase everything in two presses, after saying what is stored and where."""
    with st.expander(t("people_erase"), icon=":material/delete_forever:", key="people-erase"):
        st.caption(plain(t("people_kept", place=_book().place)))
        st.warning(t("people_erase_question"), icon=":material/warning:")
        st.button(
            t("people_erase_yes"), type="primary", key="people-erase-yes", on_click=_erase_now
        )


def _erase_now() -> None:
    _try(lambda: _book().erase(library=library()), t("people_erased"))
