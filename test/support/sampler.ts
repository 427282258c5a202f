import { onHost } from "./lab.ts";

/** What was seen of a host's files. */
export interface Samples {
  /** How often all places were looked through. */
  readonly rounds: number;
  /** How long that took. */
  readonly seconds: number;
  /** Files that others may read and that held a text, as `MODE PATH`, whoever may enter their folder. */
  readonly readable: readonly string[];
}

// All places, again and again, with 2 ms between. Perl is part of every Debian (perl-base), and starts no process for this.
const SAMPLER = `use strict;
my @secrets = map { pack "H*", $_ } split /,/, shift;
my ($rounds, %seen) = 0;
sub look {
  my ($path) = @_;
  my @stat = lstat $path or return;
  if (-d _) {
    opendir my $folder, $path or return;
    look("$path/$_") for grep { !/^\\.\\.?$/ } readdir $folder;
  } elsif (-f _ && $stat[2] & 4 && $stat[7] < 1e6) {
    open my $file, "<", $path or return;
    local $/;
    my $text = <$file> // "";
    for my $secret (@secrets) { $seen{sprintf "%04o %s", $stat[2] & 07777, $path} = 1 if index($text, $secret) >= 0 }
  }
}
$SIG{TERM} = sub { print "$rounds\\n"; print "$_\\n" for sort keys %seen; exit };
while (1) { look($_) for @ARGV; $rounds++; select undef, undef, undef, 0.002 }`;

/** Looks on a host, every few milliseconds, for files below these places that others may read and that hold one of these texts; the returned function ends it. */
export async function sample(
  host: string,
  places: readonly string[],
  texts: readonly string[],
): Promise<() => Promise<Samples>> {
  const script = Buffer.from(SAMPLER).toString("base64");
  const secrets = texts.map((text) => Buffer.from(text).toString("hex")).join(",");
  await onHost(
    host,
    `mkdir -m 0700 /root/sampler; echo ${script} | base64 -d >/root/sampler/look.pl
    perl /root/sampler/look.pl ${secrets} ${places.join(" ")} >/root/sampler/seen 2>&1 & echo $! >/root/sampler/pid`,
  );
  const began = performance.now();
  return async () => {
    const seconds = (performance.now() - began) / 1000;
    const stop = "pid=$(cat /root/sampler/pid); kill $pid; while [ -e /proc/$pid ]; do sleep 0.1; done";
    const seen = await onHost(host, `${stop}; cat /root/sampler/seen; rm -r /root/sampler`);
    const [first = "", ...readable] = seen.trim().split("\n");
    return { rounds: Number(first), seconds, readable };
  };
}
