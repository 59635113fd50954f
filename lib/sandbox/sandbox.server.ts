import "server-only";

export { demoKey, startPaymentsServer, type PaymentsServer } from "./payments-server.server";
export { seedDemo, type DemoFacts } from "./seed.server";
