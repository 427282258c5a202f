import t from "tap";
import { complaint } from "./application.ts";

// As Maven 3.8.7 says it with a mirror that is not there; its lines are coloured where a terminal is.
const unreachable = `[ERROR] [ERROR] Some problems were encountered while processing the POMs:
[ERROR] Non-resolvable import POM: Could not transfer artifact org.springframework.boot:spring-boot-dependencies:pom:3.5.7 from/to none (https://repo.invalid/maven): transfer failed
[ERROR] 'dependencies.dependency.version' for org.springframework.boot:spring-boot-starter-web:jar is missing. @ line 33, column 17
 @`;

t.test("of Maven's complaint the first error is told", async (t) => {
  t.match(complaint(unreachable), /^Non-resolvable import POM: Could not transfer artifact .* transfer failed$/);
  t.match(complaint(""), /Maven Central/);
});
