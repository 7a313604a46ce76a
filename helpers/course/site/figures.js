// On a run's pages a figure opens in large: by a tap, a click or Enter; Escape or "Close" leads back.
(() => {
  document.addEventListener("DOMContentLoaded", () => {
    const large = document.createElement("dialog"), close = document.createElement("button");
    large.className = "large";
    large.setAttribute("aria-label", "Figure in large");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => large.close());
    large.addEventListener("click", (event) => { if (event.target === large) large.close(); });
    document.body.append(large);
    for (const picture of document.querySelectorAll("article img")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "enlarge";
      button.title = "Show in large";
      button.addEventListener("click", () => {
        large.replaceChildren(close, picture.cloneNode());
        large.showModal();
        large.scrollTo(0, 0);
      });
      picture.replaceWith(button);
      button.append(picture);
    }
    // what scrolls sideways on a phone is reached by the keyboard, too
    if (!matchMedia("(max-width: 46em)").matches) return;
    for (const part of document.querySelectorAll("article .output_html"))
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
  });
})();
