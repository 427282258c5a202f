import { integer, optional, port, string } from "hostwright";
import { imageVar, memoryVar } from "../images.ts";
import { publishVars } from "../publish.ts";
import { bucketVar, s3Vars } from "../s3.ts";
import { imagePins, reference } from "../versions.ts";

export const lokiVars = {
  ...publishVars,
  loki_port: port("Where app hosts push logs", { default: 8080 }),
  loki_image: imageVar("Loki", reference(imagePins.loki)),
  loki_memory_mb: memoryVar("Loki"),
  loki_retention_hours: optional(
    integer("How long logs are kept; older ones are deleted. Unset: as long as the disk allows, 30 days at most", {
      minimum: 24,
      maximum: 3650 * 24,
    }),
  ),
  logs_mb_per_day: integer("How much log text a day to expect of all hosts; decides how long logs are kept", {
    minimum: 1,
    maximum: 1_000_000 * 1024,
    default: 512,
  }),
  ...s3Vars,
  loki_s3_bucket: bucketVar("logs"),
  loki_s3_from: optional(
    string("The day (UTC) from which logs go to the bucket: 2024-04-01 on a new host, else a day to come", {
      format: "day",
    }),
  ),
};
