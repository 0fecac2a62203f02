import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { localCopy } from "../../../lib/formats/local_copy.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const fuse = () => 0x65735546;

test("localCopy: a file on a local disk is used where it is", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  writeFileSync(path, "weights");
  const messages: string[] = [];
  assertEquals(localCopy(path, { onMessage: (text) => messages.push(text) }), path);
  assertEquals(messages, []);
});

test("localCopy: a file on FUSE is copied once, with a message", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  writeFileSync(path, "weights");
  const messages: string[] = [];
  const options = {
    fileSystemType: fuse,
    folder: folder.file("copies"),
    onMessage: (text: string) => messages.push(text),
  };
  const copy = localCopy(path, options);
  assertNotEquals(copy, path);
  assertEquals(readFileSync(copy, "utf8"), "weights");
  assertEquals(localCopy(path, options), copy);
  assertEquals(messages.length, 1);
  writeFileSync(path, "other weights");
  assertEquals(readFileSync(localCopy(path, options), "utf8"), "other weights");
  assertEquals(readdirSync(folder.file("copies")).some((name) => name.endsWith(".tmp")), false);
});

test("localCopy: a folder that cannot be written is an error that names the file", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  writeFileSync(path, "weights");
  const options = { fileSystemType: fuse, folder: `${path}/inside-a-file`, onMessage: () => {} };
  assertThrows(() => localCopy(path, options), QorusError, "model.bin");
});
