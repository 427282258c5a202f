import t from "tap";
import { isIni } from "../../engine/inventory/ini.ts";

const inis = [
  "[web]\nweb-1\n",
  "# hosts\n; of the web\n\n[web:vars]\na=1\n",
  "web-1\n",
  "web-1.example.com\nweb-2.example.com ansible_port=2222\n",
  "bastion ansible_host=198.51.100.9\n\n[web]\nweb-1\n",
  "web-1 ansible_ssh_common_args='-o ProxyCommand=\"ssh: x\"'\n",
  "web-1   # the first\n[web]\n",
  "web-1:2222\n",
  "web[01:20].example.com\n",
  "db-[a:f]:2222 n=1\n",
  "192.0.2.1\n",
  "2001:db8::1\n",
  "[2001:db8::1]:22 a=b\n",
  "  web-1\n",
  "[web] ; those\nweb-1\n",
  "web-1\r\n\r\n[web]\r\n",
  "[all:children]\nweb\n",
];

const others = [
  "",
  "# nothing\n",
  "---\nall:\n",
  "all:\n  hosts:\n",
  "all: { hosts: { a: } }\n",
  "all : { hosts: a }\n",
  '"all":\n',
  "{ all: }\n",
  '{"all": {}}\n',
  "- web-1\n",
  "? all\n: hosts: a\n",
  "%YAML 1.1\n---\nall:\n",
  "all: # [web]\n  hosts:\n",
  "all:\n  vars:\n    text: |\n[web]\n",
  "web: a=1\n",
  '[web, "db"]\n',
  "&a all:\n",
];

for (const text of inis) t.test(`${JSON.stringify(text)} is an INI inventory`, async (t) => t.ok(isIni(text)));
for (const text of others) t.test(`${JSON.stringify(text)} is none`, async (t) => t.notOk(isIni(text)));
