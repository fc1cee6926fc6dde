# slow: a watcher that does not read until it is dropped, then reads what it was
# left, and goes on from there.
#
# usage: slow.py FILE
#
# The file gets the number of each event that it saw.

import select
import sys

import client

REASON = "x" * 1000


def make_events(weir, watcher):
    """Until the daemon has had enough of the watcher."""
    made = 0
    while True:
        ids = []
        for _ in range(50):
            ids.append(weir.send("engine.pause", reason=REASON))
            ids.append(weir.send("engine.resume"))
        for id in ids:
            weir.answer(id)
        made += len(ids)
        if made >= 4000 and made % 2000 == 0 and is_dropped(weir):
            return made


def is_dropped(weir):
    with open("weird.log") as log:
        return "it does not read its events" in log.read()


def read_rest(watcher, seen):
    """All that was queued, and the last word."""
    while True:
        method, body = watcher.notification()
        if method == "dropped":
            break
        seen.append(body["seq"])
    try:
        watcher.notification()
    except client.Closed:
        return body
    raise AssertionError("there is something behind the last word")


weir = client.Client()
watcher = client.Client()
other = client.Client()
seen = []
watcher.call("events.subscribe", **{"from": 1})
other_from = other.call("events.subscribe", types=["definition.*"])["from"]
made = make_events(weir, watcher)
word = read_rest(watcher, seen)
assert word["code"] == 429 and word["name"] == "limit", word
assert "last" in word["message"], word
assert word["last"] == seen[-1], (word, seen[-1])
last = weir.call("engine.status")["journal"]["last"]
assert last > word["last"], (last, word)

# Nothing is lost to one that comes back from there.
watcher = client.Client()
watcher.call("events.subscribe", **{"from": word["last"] + 1})
while seen[-1] < last:
    method, body = watcher.notification()
    assert method == "event", (method, body)
    seen.append(body["seq"])
assert seen == list(range(1, last + 1)), "events are missing, or come twice"

# Nobody else felt it.
weir.call("definition.put", definition={
    "workflow": "late", "tasks": {"one": {"run": ["true"]}}})
method, body = other.notification()
assert (method, body["type"]) == ("event", "definition.put"), (method, body)
assert body["seq"] > other_from, body
with open(sys.argv[1], "w") as to:
    print("\n".join(map(str, seen)), file=to)
print("%d events, dropped after %d" % (made, word["last"]))
