# client: weird's protocol with python3-msgpack and nothing else.

import collections
import os
import select
import socket

import msgpack


class Refused(Exception):
    """The daemon's error, a map of code, name, message and details."""

    def __init__(self, error):
        super().__init__("%(code)d %(name)s: %(message)s" % error)
        self.error = error


class Closed(Exception):
    """The daemon is not there, or not any more."""


class Client:
    def __init__(self, path=None):
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            self.socket.connect(path or os.environ["WEIR_SOCKET"])
        except OSError as error:
            raise Closed(str(error)) from error
        self.unpacker = msgpack.Unpacker(raw=False, strict_map_key=False,
                                         max_buffer_size=1 << 30)
        self.last_id = 0
        self.answers = {}
        self.told = collections.deque()
        self.untold = 0  # notifications that were there before the last answer

    def close(self):
        self.socket.close()

    def send(self, method, **params):
        self.last_id += 1
        request = [0, self.last_id, method, [params] if params else []]
        try:
            self.socket.sendall(msgpack.packb(request))
        except OSError as error:
            raise Closed(str(error)) from error
        return self.last_id

    def answer(self, id):
        while id not in self.answers:
            self.take()
        error, result = self.answers.pop(id)
        if error is not None:
            raise Refused(error)
        return result

    def call(self, method, **params):
        return self.answer(self.send(method, **params))

    def notification(self):
        """The next one: its method and its one parameter."""
        while not self.told:
            self.take()
        return self.told.popleft()

    def take(self):
        try:
            some = self.socket.recv(1 << 20)
        except OSError as error:
            raise Closed(str(error)) from error
        if not some:
            raise Closed("the daemon closed the connection")
        self.unpacker.feed(some)
        for message in self.unpacker:
            if message[0] == 1:
                self.answers[message[1]] = message[2:]
                self.untold = len(self.told)
            else:
                self.told.append((message[1], message[2][0]))


def connect(path=None):
    """The same, waiting for a daemon that is not there yet."""
    while True:
        try:
            return Client(path)
        except Closed:
            select.select([], [], [], 0.02)
