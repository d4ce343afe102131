"""The web application. Every request to /cart keeps 256 KiB for ever: the bug of the day."""
import http.server
import os
import socket
import socketserver

SOCKET = "web.sock"
LEAK_BYTES = 256 * 1024
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


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.endswith("/cart"):
            carts.append(bytearray(os.urandom(64)) * (LEAK_BYTES // 64))
        visit = self.server.redis.count(b"visits")
        body = b"visit %d, %d carts kept by process %d\n" % (visit, len(carts), os.getpid())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

    def address_string(self):
        return "nginx"


class Server(socketserver.UnixStreamServer):
    request_queue_size = 64


def main():
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)  # left behind by the incarnation that was killed
    server = Server(SOCKET, Shop)
    server.redis = Redis("redis.sock")
    print(f"serving on {SOCKET} as process {os.getpid()}")
    server.serve_forever()


main()
