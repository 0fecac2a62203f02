/**
 * Colors and fonts of charts, for light and dark surroundings.
 *
 * @module
 */

/**
 * Colors of series, which people with color-blindness can tell apart too. After Okabe and Ito,
 * "Color Universal Design" (2008), darker or lighter where the background needs it: each has a
 * contrast of at least 3 to 1.
 */
const seriesColors: readonly (readonly [light: string, dark: string])[] = [
  ["#0072b2", "#5bb8f0"],
  ["#d55e00", "#ff9142"],
  ["#009070", "#34c79d"],
  ["#a8457f", "#e79ac5"],
  ["#9a7400", "#e8c33a"],
  ["#5a6270", "#b3bac5"],
];

/** Colors of everything else: light and dark. */
const roles = {
  surface: ["#ffffff", "#14171c"],
  strong: ["#15191f", "#f1f3f6"],
  muted: ["#5b6470", "#a2abb8"],
  grid: ["#e7eaee", "#2a2f38"],
  axis: ["#aab2bd", "#555e6b"],
} as const;

/** How many colors there are before they begin again. */
export const colorCount = seriesColors.length;

/** The class that gives a series its color. */
export function colorClass(number: number): string {
  return `q-${((number % colorCount) + colorCount) % colorCount}`;
}

function colorRules(theme: 0 | 1): string {
  const { surface, strong, muted, grid, axis } = roles;
  const scope = ".qorus-chart";
  return [
    `${scope} .q-surface{fill:${surface[theme]}}`,
    `${scope} .q-halo{stroke:${surface[theme]}}`,
    `${scope} .q-strong{fill:${strong[theme]}}`,
    `${scope} .q-muted{fill:${muted[theme]}}`,
    `${scope} .q-grid{stroke:${grid[theme]}}`,
    `${scope} .q-axis{stroke:${axis[theme]}}`,
    ...seriesColors.map((pair, i) => `${scope} .q-${i}{color:${pair[theme]}}`),
  ].join("");
}

/** The style sheet of a chart; all of its rules hold inside of `.qorus-chart` alone. */
export function styleSheet(): string {
  const font = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif';
  return [
    `.qorus-chart{max-width:100%;height:auto;font-family:${font}}`,
    ".qorus-chart text{font-variant-numeric:tabular-nums}",
    ".qorus-chart .q-line{fill:none;stroke:currentColor;stroke-width:2;" +
    "stroke-linejoin:round;stroke-linecap:round}",
    ".qorus-chart .q-raw{stroke-width:1;stroke-opacity:.25}",
    ".qorus-chart .q-dashed{stroke-dasharray:6 5}",
    ".qorus-chart .q-dots{fill:none;stroke:currentColor;stroke-width:6;stroke-linecap:round}",
    ".qorus-chart .q-cloud{stroke-width:5;stroke-opacity:.55}",
    ".qorus-chart .q-halo{fill:none;stroke-width:9;stroke-linecap:round}",
    colorRules(0),
    `@media (prefers-color-scheme:dark){${colorRules(1)}}`,
  ].join("");
}
