"""The witness: a sibling that does nothing but wake up every 5 ms and note how late it was.

One line a second in witness.txt: the monotonic time, then the lateness of each wake-up in
microseconds. Who shares a host with a leaking neighbour wants these numbers not to change."""
import gc
import time

PERIOD_NS = 5_000_000


def main():
    gc.disable()
    with open("witness.txt", "w") as out:
        due = time.monotonic_ns()
        while True:
            late = []
            for _ in range(200):
                due += PERIOD_NS
                time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
                late.append((time.monotonic_ns() - due) // 1000)
            out.write(f"{due / 1e9:.3f} {' '.join(map(str, late))}\n")
            out.flush()
            due = time.monotonic_ns()


main()
