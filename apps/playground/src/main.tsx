import { render } from "preact";
import { App } from "./app.tsx";
import { startEngine } from "./state/engine.ts";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/controls.css";
import "./styles/data.css";
import "./styles/tabs.css";

render(<App />, globalThis.document.querySelector("#app") as HTMLElement);
void startEngine();
