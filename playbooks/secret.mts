// Secrets in vars files: encrypt, decrypt, edit, rekey, keygen (docs/secrets.md).
//   npx zx playbooks/secret.mts encrypt inventory/group_vars/monitoring.yml grafana_admin_password
import { runSecret } from "hostwright";

await runSecret(import.meta.url);
