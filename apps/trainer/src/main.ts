#!/usr/bin/env node
import { installInterrupt } from "./interrupt.ts";

installInterrupt();
const { runCli } = await import("./cli.ts");
process.exitCode = await runCli(process.argv.slice(2));
