# watch: writes each event as a line of JSON, and goes on from the number after
# its last one whenever it has lost its daemon.
#
# usage: watch.py FILE REASON [TYPE...]
#
# Ends with the event that has this reason; says how often it subscribed.

import json
import sys

import client


def follow(weir, to, reason, following):
    """Until the event with the reason; the number to go on from, and whether
    that was it."""
    while True:
        method, event = weir.notification()
        assert method == "event", (method, event)
        assert event["seq"] >= following, (event, following)
        following = event["seq"] + 1
        print(json.dumps(event, sort_keys=True), file=to, flush=True)
        yield following, event["reason"] == reason


def watch(to, reason, types):
    following = 1
    subscribed = 0
    while True:
        weir = client.connect()
        params = {"from": following}
        if types:
            params["types"] = types
        try:
            answer = weir.call("events.subscribe", **params)
            assert answer["from"] == following, answer
            assert weir.untold == 0, "events came before the answer"
            subscribed += 1
            for following, is_over in follow(weir, to, reason, following):
                if is_over:
                    return subscribed
        except client.Closed:
            weir.close()


with open(sys.argv[1], "w") as to:
    print(watch(to, sys.argv[2], sys.argv[3:]))
