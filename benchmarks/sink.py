"""A mail server that takes everything: `python benchmarks/sink.py [--rtt-ms 5]` prints its port and serves until it is ended.

It is as thin as Python allows, so that what is measured against it is the sender. The round trip is waited for once before each answer, or each
row of answers to commands that came together.
"""

import argparse
import socket
import time

OFFERS = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n"
ANSWERS = {b"EHLO": OFFERS, b"DATA": b"354 go on\r\n", b"QUIT": b"221 2.0.0 bye\r\n"}
END = b"\r\n.\r\n"


def serve(listener: socket.socket, round_trip: float) -> None:
    """One connection after the other, for ever; `round_trip` in seconds."""
    while True:
        wire, _ = listener.accept()
        with wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire.sendall(b"220 sink\r\n")
            converse(wire, round_trip)


def converse(wire: socket.socket, round_trip: float) -> None:
    """One connection, to its end."""
    held, in_message = b"", False
    while came := wire.recv(1 << 18):
        held += came
        answers = b""
        while (stop := held.find(END if in_message else b"\r\n")) >= 0:
            if in_message:
                held, in_message = held[stop + len(END) :], False
                answers += b"250 2.0.0 taken\r\n"
            else:
                word, held = held[:4].upper(), held[stop + 2 :]
                answers += ANSWERS.get(word, b"250 2.1.0 fine\r\n")
                in_message = word == b"DATA"
        if answers:
            if round_trip:
                time.sleep(round_trip)
            wire.sendall(answers)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rtt-ms", type=float, default=0.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        serve(server, asked.parse_args().rtt_ms / 1000)
