import { createHash } from "node:crypto";
import { encodeBase64, hashSync } from "bcryptjs";
import { reveal, Secret, type Text } from "hostwright";

/** 2^10 rounds: Caddy and Prometheus' exporters remember a password that they have checked. */
const COST = 10;
/** bcrypt looks at no more, in bytes. */
const LONGEST = 72;

/**
 * The bcrypt hash of a password, the same in each run. The salt has to be one of its own for each user of each place, not
 * secret, so it is made of those: made of the password, it would let guesses be tried by a quick hash.
 */
export function bcryptHash(password: Text, place: string): Secret {
  return new Secret(() => {
    const plain = reveal(password);
    if (Buffer.byteLength(plain) > LONGEST)
      throw new Error(`the password for ${place}: found more than ${LONGEST} bytes, of which bcrypt ignores the rest`);
    const bytes = [...createHash("sha256").update(`hostwright ${place}`).digest().subarray(0, 16)];
    return hashSync(plain, `$2b$${COST}$${encodeBase64(bytes, bytes.length)}`);
  }, `bcrypt hash for ${place}`);
}
