import { boolean, optional, string } from "hostwright";
import { IMAGE_PATTERN } from "../images.ts";
import { imagePins, reference } from "../versions.ts";

/** Vars of the gateway in front of Grafana, Loki and Tempo. */
export const gatewayVars = {
  gateway: boolean(
    "One TLS reverse proxy (Caddy) on 80 and 443 in front of Grafana and of the push of logs and traces",
    {
      default: false,
    },
  ),
  gateway_domain: optional(
    string("The name by which people and app hosts reach the gateway. Unset: the monitoring host's address", {
      format: "address",
    }),
  ),
  gateway_acme_email: optional(
    string(
      "Get the certificate by ACME (Let's Encrypt), as this contact; needs gateway_domain. Unset: a CA of its own",
      {
        pattern: "^[^@\\s{}]+@[^@\\s{}]+$",
      },
    ),
  ),
  gateway_image: string('Image of Caddy, with a tag that does not move: no "latest"', {
    pattern: IMAGE_PATTERN,
    default: reference(imagePins.gateway),
  }),
};
