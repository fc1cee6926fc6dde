# load: starts executions of a workflow, some at a time, through restarts of the
# daemon, until the file `enough` is there.
#
# usage: load.py WORKFLOW
#
# Says how many starts were answered.

import os
import sys

import client

AT_ONCE = 20


def work(weir, workflow):
    ids = [weir.send("execution.start", workflow=workflow)
           for _ in range(AT_ONCE)]
    for id in ids:
        weir.answer(id)
    return len(ids)


started = 0
while not os.path.exists("enough"):
    weir = client.connect()
    try:
        while not os.path.exists("enough"):
            started += work(weir, sys.argv[1])
            # One of them is waited for, so that the machine has time to run it.
            weir.call("engine.status")
    except client.Closed:
        weir.close()
print(started)
