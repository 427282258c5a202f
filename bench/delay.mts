import { connect, createServer, type Socket } from "node:net";
import { freePort } from "../test/support/port.ts";

/** A way to a port, of this machine unless told, on which everything takes this much longer, there and back together. */
export async function delayed(
  port: number,
  roundTripMs: number,
  host = "127.0.0.1",
): Promise<{ readonly port: number; close(): void }> {
  const own = await freePort();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host, noDelay: true });
    late(near, far, roundTripMs / 2);
    late(far, near, roundTripMs / 2);
  });
  await new Promise<void>((resolve) => server.listen(own, "127.0.0.1", resolve));
  return { port: own, close: () => server.close() };
}

function late(from: Socket, to: Socket, ms: number): void {
  from.on("data", (bytes) => setTimeout(() => to.writable && to.write(bytes), ms));
  from.on("end", () => setTimeout(() => to.end(), ms));
  from.on("error", () => to.destroy());
}
