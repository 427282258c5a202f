import { connect, createServer, type Socket } from "node:net";

/** A port of this machine that leads to another, and cuts once. */
export interface Cutting {
  readonly port: number;
  /** Bytes that went either way so far. */
  bytes(): number;
  /** Cuts all connections once this many bytes have passed from now on. */
  cutAfter(bytes: number): void;
  isCut(): boolean;
  close(): void;
}

/** Starts one that leads to this port. */
export async function cutting(target: number): Promise<Cutting> {
  const open = new Set<Socket>();
  let passed = 0;
  let until = Number.POSITIVE_INFINITY;
  let isCut = false;
  const cut = (): void => {
    isCut = true;
    until = Number.POSITIVE_INFINITY;
    for (const socket of open) socket.resetAndDestroy();
  };
  const pass = (from: Socket, to: Socket): void => {
    open.add(from);
    from.on("close", () => open.delete(from) && to.destroy());
    from.on("error", () => to.destroy());
    from.on("data", (chunk: Buffer) => {
      passed += chunk.length;
      if (passed < until) return void to.write(chunk);
      // What was under way before the point still arrives.
      to.write(chunk.subarray(0, Math.max(0, chunk.length - (passed - until))), cut);
    });
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: "127.0.0.1", noDelay: true });
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the proxy has no port");
  return {
    port: address.port,
    bytes: () => passed,
    cutAfter(bytes) {
      isCut = false;
      passed = 0;
      until = bytes;
    },
    isCut: () => isCut,
    close: () => server.close(),
  };
}
