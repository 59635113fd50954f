// Preloaded into server-everything (node --import): its own entry listens on all interfaces and takes no host.
import net from "node:net";

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (_port, ...rest) {
  this.once("listening", () => process.stdout.write(`LISTENING ${this.address().port}\n`));
  return listen.call(this, { port: 0, host: "127.0.0.1" }, ...rest.filter((part) => typeof part === "function"));
};
