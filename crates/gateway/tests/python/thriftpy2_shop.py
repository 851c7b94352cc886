"""thriftpy2 as server and client of the shop of the example file.

    thriftpy2_shop.py serve IDL             prints {way: port} as a line of JSON
    thriftpy2_shop.py call IDL WAY PORT     prints `ok`
"""

import json
import sys
import threading

import thriftpy2
from thriftpy2.protocol import TBinaryProtocolFactory, TCompactProtocolFactory
from thriftpy2.rpc import make_client
from thriftpy2.server import TThreadedServer
from thriftpy2.thrift import TProcessor
from thriftpy2.transport import TBufferedTransportFactory, TFramedTransportFactory, TServerSocket

shop = thriftpy2.load(sys.argv[2], module_name="shop_thrift")
# Its JSON differs from what it was given even without a bridge between.
PROTOCOLS = {"binary": TBinaryProtocolFactory, "compact": TCompactProtocolFactory}
TRANSPORTS = {"buffered": TBufferedTransportFactory, "framed": TFramedTransportFactory}


class Handler:
    def getOrder(self, id):
        if id == 404:
            raise shop.NotFound(why="there is no order 404")
        return shop.Order(id=id, items=[shop.Item(name="茶", price=0.1)], state=shop.State.PAID, seal=b"\x00\xff")

    def putOrder(self, order):
        return order

    def touch(self, id):
        pass

    def note(self, line):
        pass

    def tags(self, names, loud):
        return [name.upper() if loud else name for name in names]


def serve():
    ports = {}
    for protocol in PROTOCOLS:
        for transport in TRANSPORTS:
            socket = TServerSocket(host="127.0.0.1", port=0, client_timeout=60_000)
            socket.listen()
            ports[f"{protocol}-{transport}"] = socket.sock.getsockname()[1]
            socket.listen = lambda: None
            processor = TProcessor(shop.Shop, Handler())
            server = TThreadedServer(
                processor,
                socket,
                iprot_factory=PROTOCOLS[protocol](),
                itrans_factory=TRANSPORTS[transport](),
                daemon=True,
            )
            threading.Thread(target=server.serve, daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


def call(way, port):
    protocol, transport = way.split("-")
    client = make_client(
        shop.Shop,
        "127.0.0.1",
        port,
        proto_factory=PROTOCOLS[protocol](),
        trans_factory=TRANSPORTS[transport](),
        timeout=20_000,
    )
    for number in (1, -(2**63), 2**53 + 1):
        order = client.getOrder(number)
        assert (order.id, order.state, order.seal) == (number, shop.State.PAID, b"\x00\xff"), order
        assert [(item.name, item.price) for item in order.items] == [("茶", 0.1)], order
        assert client.putOrder(order) == order
    try:
        client.getOrder(404)
        raise AssertionError("nothing was raised")
    except shop.NotFound as error:
        assert error.why == "there is no order 404", error
    client.note("x")
    assert client.touch(1) is None
    assert client.tags(["a", "", "é"], True) == ["A", "", "É"]
    client.close()
    print("ok")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        call(sys.argv[3], int(sys.argv[4]))
