"""The web application. Every request to /cart keeps 512 KiB for ever: the bug of the day.

Plain sockets instead of a framework, so that it is back quickly and the leak is easy to see."""
import os
import socket

SOCKET = "web.sock"
LEAK_BYTES = 512 * 1024
carts = []  # never emptied


class Redis:
    """One connection, one command: INCR."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.replies = self.socket.makefile("rb")

    def count(self, key):
        self.socket.sendall(b"INCR %s\r\n" % key)
        return int(self.replies.readline()[1:])


def answer(path, redis):
    if path.endswith(b"/cart"):
        carts.append(bytearray(os.urandom(64)) * (LEAK_BYTES // 64))
    return b"visit %d, %d carts kept by process %d\n" % (
        redis.count(b"visits"), len(carts), os.getpid())


def serve(customer, redis):
    """One request a connection, as nginx asks its upstreams by default."""
    with customer, customer.makefile("rb") as request:
        words = request.readline(8192).split()
        while request.readline(8192).strip():
            pass
        if len(words) < 2:
            return
        body = answer(words[1], redis)
        customer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def main():
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)  # left behind by the incarnation that was killed
    redis = Redis("redis.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(SOCKET)
        listener.listen(64)
        print(f"serving on {SOCKET} as process {os.getpid()}")
        while True:
            customer, _ = listener.accept()
            try:
                serve(customer, redis)
            except OSError as error:
                print(f"a customer went away: {error}")


main()
