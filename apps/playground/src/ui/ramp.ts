/** Red, green and blue from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/*
 * Ramps that people with any kind of colour blindness can read: lightness alone tells the amount, and the two sides of a
 * diverging ramp are blue and orange. 0 has the colour of the page.
 */
const SEQUENTIAL = {
  light: ["#ffffff", "#cfe6ea", "#7fbcc9", "#2f8aa0", "#0b5a70", "#062f3f"],
  dark: ["#1b2125", "#123f4c", "#17687c", "#2f98ae", "#7cc9d8", "#e4f8fb"],
};
const DIVERGING = {
  light: ["#1f4e9e", "#6f9bd8", "#ffffff", "#e8a35c", "#a8550a"],
  dark: ["#a9ccff", "#3f74bf", "#1b2125", "#b8701f", "#ffd29b"],
};

/** The colour of a cell that has no value. */
export function nothing(dark: boolean): Colour {
  return dark ? [38, 45, 50] : [236, 233, 227];
}

/** The colour of an amount from 0 to 1. */
export function sequential(amount: number, dark: boolean): Colour {
  return between(stopsOf(SEQUENTIAL[dark ? "dark" : "light"]), amount);
}

/** The colour of an amount from −1 (blue) over 0 (the page's) to 1 (orange). */
export function diverging(amount: number, dark: boolean): Colour {
  return between(stopsOf(DIVERGING[dark ? "dark" : "light"]), (amount + 1) / 2);
}

/** The colours of a ramp from its lowest value to its highest. */
export function rampOf(scale: "sequential" | "diverging", dark: boolean): readonly string[] {
  return (scale === "diverging" ? DIVERGING : SEQUENTIAL)[dark ? "dark" : "light"];
}

function between(stops: readonly Colour[], amount: number): Colour {
  const place = Math.min(1, Math.max(0, amount)) * (stops.length - 1);
  const index = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[index] as Colour, stops[index + 1] as Colour];
  const mix = (channel: 0 | 1 | 2): number => from[channel] + (to[channel] - from[channel]) * (place - index);
  return [mix(0), mix(1), mix(2)];
}

const parsed = new Map<readonly string[], Colour[]>();

function stopsOf(hex: readonly string[]): Colour[] {
  const known = parsed.get(hex);
  if (known) return known;
  const stops = hex.map((text): Colour => {
    const value = Number.parseInt(text.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
  parsed.set(hex, stops);
  return stops;
}
