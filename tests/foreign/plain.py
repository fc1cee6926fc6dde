# plain: python3-msgpack, and what of MessagePack-RPC is written in client.py.

import client

weir = client.Client()
weir.call("events.subscribe", types=["execution.*"])
id = weir.call("execution.start", workflow="gate")["id"]
print("started", id)
print("paused", weir.call("execution.pause", ids=[id],
                          hold=True)["succeeded"][0]["id"])
try:
    weir.call("execution.get", id=id, nonsense=1)
except client.Refused as refused:
    print("refused", refused)
print("resumed", weir.call("execution.resume", ids=[id])["succeeded"][0]["id"])
while True:
    method, event = weir.notification()
    if method == "event":
        print("event", event["type"], event["execution"])
        if event["type"] == "execution.resumed":
            break
