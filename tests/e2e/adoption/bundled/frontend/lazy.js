import "./lazy.css";

export function done() {
  document.querySelector("#lazy").textContent = "here";
  document.documentElement.dataset.lazy = "done";
}
