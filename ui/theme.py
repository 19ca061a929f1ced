"""What dresses the page: the theme (Gradio's own parts, light and dark), the style sheet, and a script for two things that
Gradio's components get wrong (Enter while Korean is being composed; messages whose label is their HTML source)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

__all__ = ["dress"]

HERE = Path(__file__).parent

_COLOURS = {
    "body_background_fill": ("#f6f7f9", "#11151f"),
    "body_text_color": ("#1d2433", "#e7eaf0"),
    "body_text_color_subdued": ("#5b6475", "#a3acbd"),
    "background_fill_primary": ("#ffffff", "#1a2030"),
    "background_fill_secondary": ("#f6f7f9", "#11151f"),
    "block_background_fill": ("#ffffff", "#1a2030"),
    "block_border_color": ("#dfe3ea", "#30384a"),
    "block_label_text_color": ("#5b6475", "#a3acbd"),
    "block_title_text_color": ("#1d2433", "#e7eaf0"),
    "block_info_text_color": ("#5b6475", "#a3acbd"),
    "border_color_primary": ("#dfe3ea", "#30384a"),
    "border_color_accent": ("#3457d5", "#8fa8ff"),
    "color_accent": ("#3457d5", None),
    "input_background_fill": ("#ffffff", "#1a2030"),
    "input_border_color": ("#dfe3ea", "#30384a"),
    "input_placeholder_color": ("#6b7382", "#98a1b3"),
    "button_primary_background_fill": ("#3457d5", "#5b78e8"),
    "button_primary_background_fill_hover": ("#2a48b8", "#6d88ef"),
    "button_primary_text_color": ("#ffffff", "#ffffff"),
    "button_secondary_background_fill": ("#ffffff", "#232b3e"),
    "button_secondary_background_fill_hover": ("#eef1f8", "#2c364d"),
    "button_secondary_border_color": ("#cfd5e0", "#3a445a"),
    "button_secondary_text_color": ("#1d2433", "#e7eaf0"),
    "button_cancel_background_fill": ("#b42318", "#b42318"),
    "button_cancel_background_fill_hover": ("#912018", "#912018"),
    "button_cancel_text_color_hover": ("#ffffff", "#ffffff"),
    "button_cancel_text_color": ("#ffffff", "#ffffff"),
    "checkbox_label_background_fill": ("#ffffff", "#1a2030"),
    "checkbox_label_background_fill_hover": ("#eef1f8", "#232b3e"),
    "checkbox_label_background_fill_selected": ("#e9eefc", "#26304d"),
    "checkbox_label_border_color": ("#dfe3ea", "#30384a"),
    "checkbox_label_text_color_selected": ("#1d2433", "#e7eaf0"),
    "checkbox_background_color_selected": ("#3457d5", "#5b78e8"),
    "checkbox_border_color": ("#b6bdca", "#566078"),
}


def dress() -> dict[str, Any]:
    """The arguments ``theme`` and ``head`` for Gradio. Fonts are the system's: nothing is downloaded. The style sheet
    goes into the head, since Gradio rewrites the selectors of what it is given as ``css``."""
    theme = gr.themes.Base(primary_hue="indigo", neutral_hue="slate", font="sans-serif", font_mono="monospace")
    chosen: dict[str, Any] = {"button_border_width": "1px", "checkbox_label_border_width": "1px"}
    for name, (light, dark) in _COLOURS.items():
        chosen[name] = light
        if dark:
            chosen[f"{name}_dark"] = dark
    return {
        "theme": theme.set(**chosen),
        "head": f"<style>{_read('style.css')}</style><script>{_read('page.js')}</script>",
    }


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
