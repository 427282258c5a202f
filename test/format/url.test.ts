import t from "tap";
import {
  endpointProblem,
  folderUrlProblem,
  hostPortProblem,
  pageUrlProblem,
  urlProblem,
  webhookProblem,
} from "../../engine/format/url.ts";

const tables = [
  {
    name: "a URL",
    problem: urlProblem,
    good: [
      "http://a",
      "https://a.example.com:8443/x/y?z=1",
      "http://192.0.2.1:80",
      "https://[2001:db8::1]:9000/x",
      "http://a?b",
      "https://a/@x",
    ],
    bad: [
      ["a.example.com", "this does not begin with http:// or https://"],
      ["HTTP://a", "this does not begin with http:// or https://"],
      ["https:///x", "this has no host"],
      ["https://", "this has no host"],
      ["https://a b", "this has a space"],
      ["https://a:0", '"0" is no port'],
      ["https://a:65536", '"65536" is no port'],
      ["https://a:", '"" is no port'],
      ["https://a:b", '"b" is no port'],
      ["https://u:p@a", "this has a user or a password"],
      ["https://u@a", "this has a user or a password"],
      ["https://a/#x", "this has a fragment (#)"],
      ["https://300.1.1.1/", "this is no IPv4 address"],
      ["https://1.2", "this is no IPv4 address"],
      ["https://a..b", "this is no name of a host"],
    ],
  },
  {
    name: "a webhook",
    problem: webhookProblem,
    good: ["https://u:p@a/x"],
    bad: [["https://u:p@", "this has no host"]],
  },
  {
    name: "a folder",
    problem: folderUrlProblem,
    good: ["http://a/releases", "http://a"],
    bad: [
      ["http://a/", "this ends in a slash"],
      ["http://a?x", "this has a query (?)"],
    ],
  },
  { name: "a page", problem: pageUrlProblem, good: ["http://a/"], bad: [["http://a//", "this ends in a slash"]] },
  {
    name: "a host and a port",
    problem: hostPortProblem,
    good: ["smtp.example.com:587", "192.0.2.1:25", "[2001:db8::1]:25"],
    bad: [
      ["smtp.example.com", "this has no port"],
      ["smtp.example.com:", '"" is no port'],
      ["smtp.example.com:0587", '"0587" is no port'],
      ["smtp://a:587", "this is a URL"],
      [":587", "this is no name of a host"],
    ],
  },
  {
    name: "an endpoint",
    problem: endpointProblem,
    good: ["s3.example.com", "s3.example.com:9000"],
    bad: [
      ["https://s3.example.com", "this is a URL"],
      ["s3.example.com:70000", '"70000" is no port'],
    ],
  },
] as const;

for (const { name, problem, good, bad } of tables) {
  t.test(`${name} is told from what is none`, async (t) => {
    for (const text of good) t.equal(problem(text), undefined, text);
    for (const [text, expected] of bad) t.equal(problem(text), expected, text);
  });
}
