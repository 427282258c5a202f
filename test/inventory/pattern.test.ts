import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a pattern that names nothing",
    text: "app: { hosts: app-1 }\n",
    pattern: "ap-1",
    message: 'found no host or group "ap-1" in DIR/hosts.yml; did you mean "app-1"?',
  },
  {
    name: "an excluded name that is nothing",
    text: "app: { hosts: app-1 }\n",
    pattern: "app:!appp",
    message: 'found no host or group "appp" in DIR/hosts.yml; did you mean "app"?',
  },
  {
    name: "an empty pattern",
    text: "app: { hosts: app-1 }\n",
    pattern: " ",
    message: 'found the empty pattern " ", expected hosts or groups',
  },
  {
    name: "an index too high",
    text: "app: { hosts: app-1 }\n",
    pattern: "app[1]",
    message: 'found the pattern "app[1]", expected an index within the 1 host of "app"',
  },
  {
    name: "a broken regular expression",
    text: "app: { hosts: app-1 }\n",
    pattern: "~app(",
    message: 'found the pattern "~app(", expected a regular expression after ~',
  },
]);
