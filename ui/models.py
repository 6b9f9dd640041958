"""The models page: which tier answers and why, which model files are here, under what licence."""

from __future__ import annotations

import streamlit as st

from assistant.views import ModelView
from ui import runtime, state
from ui.state import plain, t

_ROLES = (
    "language",
    "speech",
    "embedding",
    "text_embedding",
    "image_encoder",
    "joint_embedding",
    "sight",
)


def page() -> None:
    """Draw the page."""
    st.title(t("nav_models"), anchor=False)
    state.show_notices()
    assistant = runtime.assistant()
    tier = assistant.tier()
    st.markdown(f":primary-badge[{plain(tier.name)}] {plain(tier.reason)}")
    with st.container(border=True, key="roles"):
        st.markdown(f"#### {t('models_state')}")
        for role, word in assistant.warm_state().items():
            st.markdown(
                f"{sign(word)} **{plain(role_name(role))}** · :gray[{plain(state_name(word))}]"
            )
    st.markdown(f"#### {t('models_files')}")
    for model in assistant.models():
        _model(model)
    settings = runtime.settings()
    with st.container(border=True, key="settings"):
        st.markdown(f"#### {t('settings')}")
        for key in ("home", "models_folder", "library", "threads", "max_upload_mb"):
            st.markdown(f"{t(f'setting_{key}')}: **{plain(str(getattr(settings, key)))}**")
        st.caption(t("settings_hint"))


def _model(model: ModelView) -> None:
    with st.container(border=True, key=f"model-{model.id}", gap="xxsmall"):
        used = f" :primary-badge[{t('in_use')}]" if model.in_use else ""
        st.markdown(f"**{plain(model.title)}**{used}")
        facts = (role_name(model.role), model.upstream, model.licence, model.size, model.state)
        st.caption(" · ".join(plain(fact) for fact in facts if fact))


def sign(word: str) -> str:
    """Return the sign of a warm-up state."""
    if word == "ready":
        return ":green[:material/check_circle:]"
    if word.startswith("failed"):
        return ":red[:material/error:]"
    return ":gray[:material/hourglass_empty:]"


def state_name(word: str) -> str:
    """Say a warm-up state; a failure keeps its reason."""
    head, _, reason = word.partition(":")
    known = t(f"warm_{head}") if head in ("cold", "loading", "ready", "failed") else head
    return f"{known}: {reason.strip()}" if reason else known


def role_name(role: str) -> str:
    """Say the role of a model."""
    key = role.replace(" ", "_")
    return t(f"role_{key}") if key in _ROLES else role
