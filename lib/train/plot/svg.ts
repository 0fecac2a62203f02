/**
 * SVG as text.
 *
 * @module
 */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text as XML may hold it: marked characters as entities, forbidden ones as `?`. */
export function escapeXml(text: string): string {
  return text.toWellFormed()
    // deno-lint-ignore no-control-regex -- XML forbids control characters
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, "?")
    .replace(/[&<>"]/g, (character) => entities[character]);
}

/** An element with attributes, and content that is XML already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content = "",
): string {
  const list = Object.entries(attributes).map(([key, value]) =>
    ` ${key}="${typeof value === "number" ? coordinate(value) : escapeXml(value)}"`
  );
  const open = `<${name}${list.join("")}`;
  return content === "" ? `${open}/>` : `${open}>${content}</${name}>`;
}

/** A text element. */
export function textElement(
  text: string,
  attributes: Readonly<Record<string, string | number>>,
): string {
  return element("text", attributes, escapeXml(text));
}

/** A coordinate to a tenth of a pixel. */
export function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** About how wide a text is, in pixels; fonts differ, so this is rather too much. */
export function textWidth(text: string, fontPixels: number): number {
  return text.length * fontPixels * 0.58;
}

/** A text that fits, with an ellipsis for its beginning: ends of names and paths say more. */
export function fitText(text: string, width: number, fontPixels: number): string {
  const most = Math.max(1, Math.floor(width / (fontPixels * 0.58)));
  return text.length <= most ? text : `…${text.slice(text.length - most + 1)}`;
}

/** Pixels as pairs, gaps as undefined. */
export type Point = readonly [number, number] | undefined;

/** Path data of lines through points, each line as steps from point to point: that is shorter. */
export function linePath(points: Iterable<Point>): string {
  let path = "";
  let last: readonly [number, number] | undefined;
  for (const point of points) {
    if (point === undefined) {
      last = undefined;
      continue;
    }
    const x = Math.round(point[0] * 10);
    const y = Math.round(point[1] * 10);
    if (last === undefined) path += `M${x / 10} ${y / 10}h0`;
    else if (x !== last[0] || y !== last[1]) path += `l${(x - last[0]) / 10} ${(y - last[1]) / 10}`;
    last = [x, y];
  }
  return path;
}

/** Path data of dots: lines without length, which round ends make visible. */
export function dotPath(points: Iterable<Point>): string {
  let path = "";
  for (const point of points) {
    if (point !== undefined) path += `M${coordinate(point[0])} ${coordinate(point[1])}h0`;
  }
  return path;
}
