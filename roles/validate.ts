import { type Script, sh } from "hostwright";

/** How an image's own program is asked about a file. */
export interface Check {
  readonly image: string;
  /** The program, if it is not the one that the image starts. */
  readonly program?: string;
  /** Its arguments, given where in the container the file is. */
  readonly args: (path: string) => readonly string[];
  /** Folders that the file leads to: paths on the host by paths in the container. */
  readonly folders?: Readonly<Record<string, string>>;
  /** The file's name for the program: the one that its messages should have. */
  readonly name: string;
}

/**
 * Returns a file's `validate`: the very image that is going to read the file judges it, in a container without network
 * that is gone afterwards. What it says, with the line, is what the run reports; the file is not put in place then.
 */
export function checkedBy({ image, program, args, folders = {}, name }: Check): (staged: Script) => Script {
  const path = `/staged/${name}`;
  const entrypoint = program === undefined ? [] : ["--entrypoint", program];
  const volumes = Object.entries(folders).flatMap(([inside, host]) => ["--volume", `${host}:${inside}:ro`]);
  return (staged) => sh`
    docker image inspect -- ${image} >/dev/null 2>&1 || docker pull --quiet ${image} >/dev/null
    docker run --rm --network none --memory 256m --log-driver none \
      --volume ${staged}:${path}:ro ${[...volumes, ...entrypoint, image, ...args(path)]} >&2`;
}
