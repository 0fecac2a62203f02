import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { outputInReadme, patience, runExample } from "../../support/examples.ts";

test(
  "examples: autograd-by-hand prints what its README says, gradients beside equal ones",
  patience,
  async () => {
    const { code, stdout, stderr } = await runExample("autograd-by-hand");
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout, outputInReadme("autograd-by-hand"));
    const rows = stdout.trimEnd().split("\n").slice(1, -1).map((line) => line.trim().split(/ +/));
    assertEquals(rows.length, 6);
    for (const [, , slope, slopeByHand, offset, offsetByHand] of rows) {
      assertEquals([slope, offset], [slopeByHand, offsetByHand]);
    }
  },
);
