"""The customers: two kept-alive connections through nginx and one to redis, busy all the time.

While a file named `leaking` lies in the folder they fill carts, else they only look around. What
they saw is written to load.json twice a second."""
import json
import os
import socket
import threading
import time

counts = {"served": 0, "refused": 0, "nginx_reconnects": 0, "redis_pings": 0,
          "redis_reconnects": 0, "gaps_ms": []}
lock = threading.Lock()


def connect(path):
    while True:
        try:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.settimeout(10)
            s.connect(path)
            return s, s.makefile("rb")
        except OSError:
            time.sleep(0.05)


def request(s, replies, path):
    """The status of one GET on a kept-alive connection."""
    s.sendall(b"GET %s HTTP/1.1\r\nHost: shop\r\n\r\n" % path)
    status = int(replies.readline().split()[1])
    length = 0
    while (line := replies.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    replies.read(length)
    return status


def customer():
    s, replies = connect("nginx.sock")
    down_since = None
    while True:
        path = b"/cart" if os.path.exists("leaking") else b"/"
        try:
            status = request(s, replies, path)
        except (OSError, IndexError, ValueError):
            with lock:
                counts["nginx_reconnects"] += 1
            s, replies = connect("nginx.sock")
            continue
        now = time.monotonic()
        with lock:
            if status == 200:
                counts["served"] += 1
                if down_since is not None:
                    counts["gaps_ms"].append(round((now - down_since) * 1000))
            else:
                counts["refused"] += 1
        if status == 200:
            down_since = None
        elif down_since is None:
            down_since = now
        time.sleep(0.004 if status == 200 else 0.02)


def redis_client():
    s, replies = connect("redis.sock")
    while True:
        try:
            s.sendall(b"PING\r\n")
            if replies.readline() != b"+PONG\r\n":
                raise OSError("no pong")
            with lock:
                counts["redis_pings"] += 1
        except OSError:
            with lock:
                counts["redis_reconnects"] += 1
            s, replies = connect("redis.sock")
        time.sleep(0.02)


def main():
    for work in (customer, customer, redis_client):
        threading.Thread(target=work, daemon=True).start()
    while True:
        time.sleep(0.5)
        with lock:
            text = json.dumps(counts)
        with open("load.json.new", "w") as f:
            f.write(text)
        os.rename("load.json.new", "load.json")


main()
