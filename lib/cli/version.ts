/**
 * @module
 */

/** The version of Qorus, as package.json and deno.json have it. */
export const version = "0.1.0";
