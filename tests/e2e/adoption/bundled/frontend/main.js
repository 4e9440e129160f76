import "./main.css";
import logo from "./logo.svg";

document.querySelector("#logo").src = logo;
import("./lazy.js").then(({ done }) => done());
