import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** The same keys with text of any language. */
type Translated<T> = T extends string ? string : { readonly [K in keyof T]: Translated<T[K]> };
export type Messages = Translated<typeof en>;
type Language = "en" | "zh";

const DICTIONARIES: Readonly<Record<Language, Messages>> = { en, zh };

/** `--lang`, else the system's language, else English. */
export function chooseMessages(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Messages {
  const flag = args.findIndex((arg) => /^--lang(?:=|$)/u.test(arg));
  const wished =
    flag >= 0
      ? (args[flag]?.split("=")[1] ?? args[flag + 1])
      : environment["LC_ALL"] ||
        environment["LC_MESSAGES"] ||
        environment["LANG"] ||
        Intl.DateTimeFormat().resolvedOptions().locale;
  return DICTIONARIES[wished?.toLowerCase().startsWith("zh") === true ? "zh" : "en"];
}

/** Puts values into the places `{name}` of a message. */
export function fill(message: string, values: Readonly<Record<string, string | number>>): string {
  return message.replaceAll(/\{(\w+)\}/gu, (place, name: string) => String(values[name] ?? place));
}
