"""The page that Streamlit runs: style, navigation and sidebar around the pages."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from assistant.i18n import explain
from retrieval.errors import SightlineError
from ui import cases, chat, find, library, models, people, runtime, sidebar, state, tuning
from ui.state import t

_HERE = Path(__file__).parent


def main() -> None:
    """Draw what the address and the session ask for."""
    mark = str(_HERE / "mark.svg")
    st.set_page_config(page_title=t("app_name"), page_icon=mark, layout="centered")
    st.html(_HERE / "style.css")
    st.logo(str(_HERE / "wordmark.svg"), icon_image=mark, size="large")
    try:
        with st.spinner(t("starting")):
            runtime.assistant()
    except SightlineError as error:
        st.error(state.plain(explain(error, state.language())), icon=":material/error:")
        st.stop()
    start = st.Page(chat.page, title=t("nav_chat"), icon=":material/forum:", default=True)
    pages = [
        start,
        st.Page(
            library.page,
            title=t("nav_library"),
            icon=":material/photo_library:",
            url_path="library",
        ),
        st.Page(find.page, title=t("nav_search"), icon=":material/search:", url_path="search"),
        st.Page(people.page, title=t("nav_people"), icon=":material/group:", url_path="people"),
        st.Page(cases.page, title=t("nav_cases"), icon=":material/rule:", url_path="cases"),
        st.Page(models.page, title=t("nav_models"), icon=":material/memory:", url_path="models"),
        st.Page(tuning.page, title=t("nav_tuning"), icon=":material/school:", url_path="training"),
    ]
    current = st.navigation(pages, position="sidebar")
    sidebar.draw(start)
    current.run()


main()
