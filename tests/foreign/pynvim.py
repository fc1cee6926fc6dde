# pynvim: the MessagePack-RPC of python3-pynvim.

import os
import sys

# Not this file, whose name it has.
sys.path.pop(0)
from pynvim.msgpack_rpc import socket_session  # noqa: E402


class Refused(Exception):
    pass


# It begins with a notification for Neovim, which weird passes over.
session = socket_session(os.environ["WEIR_SOCKET"])
session.error_wrapper = Refused
session.request("events.subscribe", {"types": ["execution.*"]})
id = session.request("execution.start", {"workflow": "gate"})["id"]
print("started", id)
answer = session.request("execution.pause", {"ids": [id], "hold": True})
print("paused", answer["succeeded"][0]["id"])
try:
    session.request("execution.get", {"id": id, "nonsense": 1})
except Refused as refused:
    print("refused %(code)d %(name)s: %(message)s" % refused.args[0])
answer = session.request("execution.resume", {"ids": [id]})
print("resumed", answer["succeeded"][0]["id"])
while True:
    kind, method, parameters = session.next_message()[:3]
    if (kind, method) == ("notification", "event"):
        event = parameters[0]
        print("event", event["type"], event["execution"])
        if event["type"] == "execution.resumed":
            break
session.close()
