import { PHASE_PRODUCTION_BUILD } from "next/constants.js";
import { sharedPrefix } from "./lib/http/shared.ts";
import { BUILT_PREFIX } from "./server/built-pages.ts";

/** @returns {import("next").NextConfig} */
export default function config(/** @type {string} */ phase) {
  const prefix = phase === PHASE_PRODUCTION_BUILD ? BUILT_PREFIX : sharedPrefix();
  return {
    reactStrictMode: true,
    poweredByHeader: false,
    basePath: prefix,
    env: { PAGES_PREFIX: prefix },
    images: { unoptimized: true }, // we have none that need it, and the resizer is one more thing to attack
    typescript: { ignoreBuildErrors: true }, // `npm run check` looks at types, at all of them
    allowedDevOrigins: ["127.0.0.1"],
    turbopack: { root: import.meta.dirname },
  };
}
