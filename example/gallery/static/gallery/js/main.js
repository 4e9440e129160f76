import { ask, askTheSite, buildOf } from "./assets.js";

const page = document.documentElement;
const rows = [...document.querySelectorAll("tbody tr")];
const again = document.querySelector("#again");
const summary = document.querySelector("#summary");

function show(row, name, value) {
  const cell = row.querySelector(`[data-${name}]`);
  cell.setAttribute(`data-${name}`, value);
  cell.textContent = value;
}

async function fill(row) {
  const { assetUrl } = row.querySelector("[data-asset-url]").dataset;
  const { tree, preflight, answer: told } = row.parentElement.dataset;
  show(row, "build", buildOf(assetUrl, { tree }));
  let answer;
  try {
    answer = told
      ? await askTheSite(told)
      : await ask(assetUrl, { preflight: preflight !== undefined });
  } catch (error) {
    answer = { status: `failed: ${error.message}`, xCache: "–", age: "–" };
  }
  show(row, "status", answer.status);
  show(row, "x-cache", answer.xCache);
  show(row, "age", answer.age);
  const { expected = "200" } = row.parentElement.dataset;
  row.toggleAttribute("data-fine", answer.status === expected);
  return answer;
}

async function fillAll() {
  delete page.dataset.assets;
  again.disabled = true;
  const answers = await Promise.all(rows.map(fill));
  const fine = rows.filter((row) => row.hasAttribute("data-fine"));
  const hits = answers.filter(({ xCache }) => xCache.startsWith("Hit"));
  summary.textContent =
    `${fine.length} of ${answers.length} answered as they should, ${hits.length} from the CDN's cache.`;
  again.disabled = false;
  page.dataset.assets = "done";
}

again.hidden = false;
again.addEventListener("click", fillAll);
fillAll();
