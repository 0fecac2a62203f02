/**
 * A strict reader of the XML that Qorus writes: elements, attributes, text.
 *
 * @module
 */

import { AssertionError } from "./assert.ts";

/** An element of a document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function unescape(text: string): string {
  if (/[<>]|&(?!(amp|lt|gt|quot);)/.test(text)) throw new AssertionError(`not escaped: ${text}`);
  return text.replace(/&(\w+);/g, (_, name) => entities[name]);
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  const rest = text.replace(/\s+([\w:-]+)="([^"]*)"/g, (_, name, value) => {
    if (Object.hasOwn(attributes, name)) throw new AssertionError(`${name} twice`);
    attributes[name] = unescape(value);
    return "";
  });
  if (rest.trim() !== "") throw new AssertionError(`no attributes: ${rest}`);
  return attributes;
}

/** Reads a document; throws for anything that is not well-formed, or more than these parts. */
export function parseXml(text: string): XmlElement {
  // deno-lint-ignore no-control-regex -- XML forbids these
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || !text.isWellFormed()) {
    throw new AssertionError("characters that XML forbids");
  }
  const root: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  const token = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let end = 0;
  for (const [whole, closing, name, attributes, empty, content] of text.matchAll(token)) {
    end += whole.length;
    const last = open[open.length - 1];
    if (content !== undefined) {
      last.text += unescape(content);
    } else if (closing === "/") {
      if (last.name !== name) throw new AssertionError(`</${name}> ends <${last.name}>`);
      open.pop();
    } else {
      const element = { name, attributes: readAttributes(attributes), children: [], text: "" };
      last.children.push(element);
      if (empty === "") open.push(element);
    }
  }
  if (end !== text.length) throw new AssertionError(`no XML: ${text.slice(end, end + 80)}`);
  if (open.length !== 1 || root.children.length !== 1) throw new AssertionError("not one element");
  return root.children[0];
}

/** An element and everything in it, in the document's order. */
export function allElements(root: XmlElement): XmlElement[] {
  return [root, ...root.children.flatMap(allElements)];
}

/** All elements of a name, in the document's order. */
export function elementsOf(root: XmlElement, name: string): XmlElement[] {
  return allElements(root).filter((element) => element.name === name);
}
