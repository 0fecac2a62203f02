/**
 * Makes a clone ready: installs the pinned tools and builds the native library, both only when
 * needed. It runs under Node, Bun and Deno.
 *
 *   npm run build
 *
 * @module
 */

import { setUp } from "./support/set_up.mjs";

setUp();
