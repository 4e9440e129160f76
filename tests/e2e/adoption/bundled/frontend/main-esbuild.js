import "./main.css";
import logo from "./logo.svg";

document.querySelector("#logo").src = new URL(logo, import.meta.url);
import("./lazy.js").then(({ done }) => done());
