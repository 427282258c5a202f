import { integer, oneOf, optional, port } from "hostwright";
import { imageVar, memoryVar } from "../images.ts";
import { publishVars } from "../publish.ts";
import { bucketVar, s3Vars } from "../s3.ts";
import { imagePins, reference } from "../versions.ts";

export const tempoVars = {
  ...publishVars,
  otlp_grpc_port: port("Where app hosts send traces, OTLP over gRPC", { default: 443 }),
  otlp_http_port: optional(port("Where app hosts may send traces by OTLP over HTTP; unset: nowhere")),
  tempo_port: port("Tempo's own port, on 127.0.0.1 of the monitoring host only", { default: 3200 }),
  tempo_image: imageVar("Tempo", reference(imagePins.tempo)),
  tempo_memory_mb: memoryVar("Tempo"),
  tempo_retention_hours: optional(
    integer("How long traces are kept. Unset: as long as the disk allows, 14 days at most", {
      minimum: 1,
      maximum: 3650 * 24,
    }),
  ),
  traces_mb_per_day: integer("How much disk a day's traces are expected to take; decides how long they are kept", {
    minimum: 1,
    maximum: 1_000_000 * 1024,
    default: 256,
  }),
  tempo_upgrade_confirmed: optional(
    oneOf("Lets Tempo 3 take over the data of Tempo 2, from which there is no way back", ["3"]),
  ),
  ...s3Vars,
  tempo_s3_bucket: bucketVar("traces"),
};
