// The first contact with a new or rebuilt machine, whose key is proven before it is trusted (docs/rebuild.md):
//   npx zx playbooks/bootstrap.mts app-1 >user-data.yml
//   aws ec2 get-console-output --latest --instance-id i-0123 --output text | npx zx playbooks/bootstrap.mts --console app-1
import { runBootstrap } from "hostwright";

await runBootstrap(import.meta.url);
