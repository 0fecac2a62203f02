import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../../lib/native/error.ts";
import { type CsvOptions, readCsv } from "../../../../lib/train/data/csv.ts";
import { seededRandom } from "../../../support/random.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";

/** The values of all rows of a text. */
function parse(text: string, options: CsvOptions = { header: false }): (readonly string[])[] {
  using folder = new TemporaryFolder();
  const path = folder.file("x.csv");
  writeFileSync(path, text);
  return Array.from(readCsv(path, options), ({ values }) => values);
}

function failure(text: string, part: string, options: CsvOptions = {}): string {
  return assertThrows(() => parse(text, options), QorusError, part).code;
}

test("CSV: fields are split and unquoted as RFC 4180 says", () => {
  const cases: [string, string[][]][] = [
    ["a,b\n1,2\n", [["a", "b"], ["1", "2"]]],
    ["a,b\r\n1,2", [["a", "b"], ["1", "2"]]],
    ["", []],
    ["\n\r\n\n", []],
    ["a\n\nb\n", [["a"], ["b"]]],
    [",,\n", [["", "", ""]]],
    ['"a","b"\n', [["a", "b"]]],
    ['"a,b",c\n', [["a,b", "c"]]],
    ['"a""b",c\n', [['a"b', "c"]]],
    ['"""",""\r\n', [['"', ""]]],
    ['"a\nb",c\nd,e\n', [["a\nb", "c"], ["d", "e"]]],
    ['"a\r\n\r\nb",c\r\n', [["a\r\n\r\nb", "c"]]],
    ['x,"a""\n""b"\n', [["x", 'a"\n"b']]],
    ['a,"b",\n', [["a", "b", ""]]],
    ["\ufeffa,b\n", [["a", "b"]]],
    ["\u00e4,\ud83d\ude00\n", [["\u00e4", "\ud83d\ude00"]]],
    [" a , b \n", [[" a ", " b "]]],
  ];
  for (const [text, expected] of cases) assertEquals(parse(text), expected, JSON.stringify(text));
});

test("CSV: other delimiters and quotation marks", () => {
  assertEquals(parse("a;b,c\n", { header: false, delimiter: ";" }), [["a", "b,c"]]);
  assertEquals(parse("a\t'b\tc'\n", { header: false, delimiter: "\t", quote: "'" }), [[
    "a",
    "b\tc",
  ]]);
  assertEquals(parse('5" nail,"x\n', { header: false, quote: null }), [['5" nail', '"x']]);
});

test("CSV: what was written comes back", () => {
  const random = seededRandom(7);
  const pick = (from: string) => from[Math.floor(random() * from.length)];
  const field = () =>
    Array.from({ length: Math.floor(random() * 6) }, () => pick('ab,"\n\r 1')).join("");
  for (let round = 0; round < 100; round++) {
    const width = 2 + Math.floor(random() * 3);
    const rows = Array.from({ length: 5 }, () => Array.from({ length: width }, field));
    const quote = (text: string) =>
      random() < 0.5 || /[,"\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const end = random() < 0.5 ? "\n" : "\r\n";
    const text = rows.map((row) => row.map(quote).join(",")).join(end) + end;
    assertEquals(parse(text), rows, JSON.stringify(text));
  }
});

test("CSV: lines and quotations may lie across the parts that are read at a time", () => {
  const long = "x".repeat(300_000);
  assertEquals(parse(`${long},1\n"${long}\n${long}",2\n`), [[long, "1"], [
    `${long}\n${long}`,
    "2",
  ]]);
  const rows = Array.from({ length: 50_000 }, (_, i) => [`${i}`, "\u00e4\u00f6\u00fc"]);
  assertEquals(parse(rows.map((row) => row.join(",")).join("\n")), rows);
});

test("CSV: columns go by name or by number, and numbers are numbers", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.csv");
  writeFileSync(path, 'name,"a",b\nx,1.5, -2e3 \n"y\nz",,inf\n');
  const rows = readCsv(path);
  const [first, second] = [...rows];
  assertEquals([first.line, first.text("name"), first.text(0)], [2, "x", "x"]);
  assertEquals([first.number("a"), first.numbers(["b", 1])], [1.5, [-2000, 1.5]]);
  assertEquals(first.toObject(), { name: "x", a: "1.5", b: " -2e3 " });
  const message = (run: () => unknown) => assertThrows(run, QorusError).message;
  assertEquals(
    message(() => first.number("c")),
    `${path}: line 2: c: there is no such column, expected ["name", "a", "b"]`,
  );
  assertEquals(message(() => first.text(3)).includes("line 2: 3: there is no such column"), true);
  assertEquals(message(() => second.number("a")), `${path}: line 3: a: is no number, given ""`);
  assertEquals(message(() => second.number("b")), `${path}: line 3: b: is no number, given "inf"`);
  assertEquals(
    message(() => second.number("name")),
    `${path}: line 3: name: is no number, given "y\\nz"`,
  );
  assertEquals([...rows].length, 2);
});

test("CSV: names can be given", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.csv");
  writeFileSync(path, "1,2\n3,4\n");
  const rows = [...readCsv(path, { header: ["a", "b"] })];
  assertEquals(rows.map((row) => row.number("b")), [2, 4]);
  assertEquals([...readCsv(path, { header: false })].map((row) => row.numbers()), [[1, 2], [3, 4]]);
});

test("CSV: a walk that is broken off closes the file, and the next one starts anew", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.csv");
  writeFileSync(path, "a\n1\n2\n");
  const rows = readCsv(path);
  for (let i = 0; i < 3000; i++) {
    for (const row of rows) {
      assertEquals(row.line, 2);
      break;
    }
  }
});

test("CSV: errors name file and line", () => {
  assertEquals(failure("a,b\n1,2\n\n3\n", "line 4: has another number of fields"), "invalid_file");
  assertEquals(failure("1,2\n1,2,3\n", "given 3, expected 2", { header: false }), "invalid_file");
  assertEquals(failure("1\n", "given 1, expected 2", { header: ["a", "b"] }), "invalid_file");
  assertEquals(failure('a\n1\n"x\ny\n', "line 3: holds a quotation does not end"), "invalid_file");
  assertEquals(failure('a\n"x"y\n', "line 2: holds text behind a closing"), "invalid_file");
  assertEquals(failure('a\nx"y"\n', "line 2: holds a quotation mark inside"), "invalid_file");
  assertEquals(failure("a,b,a\n", 'line 1: header: has a name twice, given "a"'), "invalid_file");
  assertEquals(failure("", "header: the file is empty"), "invalid_file");
  assertEquals(failure("a", "delimiter", { delimiter: ",," }), "invalid_argument");
  assertEquals(failure("a", "quote", { quote: "\n" }), "invalid_argument");
  assertEquals(failure("a", "quote", { quote: "," }), "invalid_argument");
});

test("CSV: a line that is not UTF-8 is named", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.csv");
  writeFileSync(path, Uint8Array.of(97, 10, 49, 10, 0xff, 10, 50, 10));
  const error = assertThrows(() => [...readCsv(path)], QorusError, `${path}: line 3: is not UTF-8`);
  assertEquals(error.code, "invalid_file");
});
