// Turns pairs of pictures into sliders. Without it, and on paper, the two stand one above the other.
document.documentElement.classList.add("sliding");
for (const pair of document.querySelectorAll(".pair")) {
  const range = pair.querySelector("input");
  const show = () => {
    pair.style.setProperty("--shown", range.value + "%");
    range.setAttribute("aria-valuetext", range.value + " % as scanned, " + (100 - range.value) + " % cleaned");
  };
  range.addEventListener("input", show);
  show();
}
