/**
 * What a role is asked for cannot be on this machine: its system, its architecture, its size. On a host this fails the host;
 * before any is contacted it says nothing, because nobody knows yet which machine it is.
 */
export class UnsupportedMachine extends Error {
  override readonly name = "UnsupportedMachine";
}
