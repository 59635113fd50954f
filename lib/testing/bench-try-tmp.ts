import { benchGateway } from "./bench-gateway";
await benchGateway({ runs: 1, durationMs: 1000, connections: [32] });
