"""Renders or parses a template as often as it can for a while: a request in JSON on each line, an answer on each line."""

import json
import os
import platform
import sys
import time

import jinja2

folder, values = sys.argv[1:3]
with open(values, encoding="utf-8") as f:
    VALUES = json.load(f)
env = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), trim_blocks=True, lstrip_blocks=True)
print(json.dumps({"jinja2": jinja2.__version__, "python": platform.python_version()}), flush=True)


def rate(f, seconds):
    f()
    count, start = 0, time.perf_counter()
    while True:
        for _ in range(10):
            f()
        count += 10
        took = time.perf_counter() - start
        if took >= seconds:
            return count / took


for line in sys.stdin:
    request = json.loads(line)
    with open(os.path.join(folder, request["template"]), encoding="utf-8") as f:
        source = f.read()
    template = env.get_template(request["template"])
    print(
        json.dumps(
            {
                "output": template.render(VALUES),
                "renders": rate(lambda: template.render(VALUES), request["seconds"]),
                "parses": rate(lambda: env.from_string(source), request["seconds"]),
            }
        ),
        flush=True,
    )
