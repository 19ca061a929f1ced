/* Korean is typed through an input method: Enter first ends the syllable that is being composed. Gradio's textbox does not
   ask whether that is so and would send the reply there, cut off or twice; so it must not see that Enter. */
for (const kind of ["keydown", "keypress"]) {
  document.addEventListener(
    kind,
    (event) => {
      if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopPropagation();
    },
    true,
  );
}

/* Gradio labels each message with its source, which a screen reader would spell out as HTML. */
new MutationObserver(() => {
  for (const message of document.querySelectorAll("#chat [data-testid][aria-label]")) message.removeAttribute("aria-label");
}).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
