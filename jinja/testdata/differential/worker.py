"""Renders templates with Python's Jinja2: a request in JSON on each line of the input, an answer on each of the output.

A request has "source", "templates" and "env", the arguments of jinja2.Environment. The answer has "output", or "error"
with the exception's class, or "left_out" where the result is Python's own affair, such as an object's address.
The values are those of the file that the first argument names. The first line of the output tells the versions.
"""

import json
import platform
import re
import signal
import sys
import warnings

warnings.simplefilter("ignore")

import jinja2
import markupsafe

with open(sys.argv[1], encoding="utf-8") as f:
    VALUES = f.read()

UNDEFINED = {
    "default": jinja2.Undefined,
    "strict": jinja2.StrictUndefined,
    "chainable": jinja2.ChainableUndefined,
    "debug": jinja2.DebugUndefined,
}
ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}|<built-in method|<bound method|<function |<method |<slot wrapper", re.I)


class TooSlow(BaseException):
    pass


def too_slow(*_):
    raise TooSlow


signal.signal(signal.SIGALRM, too_slow)


def render(request):
    options = dict(request.get("env") or {})
    options["undefined"] = UNDEFINED[options.get("undefined", "default")]
    options["extensions"] = ["jinja2.ext.do", "jinja2.ext.loopcontrols"]
    loader = jinja2.DictLoader({**(request.get("templates") or {}), "main": request["source"]})
    env = jinja2.Environment(loader=loader, cache_size=50, **options)
    return env.get_template("main").render(json.loads(VALUES))


def answer(request):
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        output = render(request)
    except TooSlow:
        return {"left_out": "slow"}
    except Exception as e:
        return {"error": type(e).__name__, "message": str(e)[:300]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if ADDRESS.search(output):
        return {"left_out": "address"}
    try:
        output.encode()
    except UnicodeEncodeError:
        return {"left_out": "surrogate"}
    return {"output": output}


def main():
    version = __import__("importlib.metadata").metadata.version
    print(json.dumps({"jinja2": jinja2.__version__, "markupsafe": version("markupsafe"), "python": platform.python_version()}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


main()
