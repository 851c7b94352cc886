"""A client of zeep behind a pipe: one request of JSON a line, one answer a line."""

import io
import json
import sys

from lxml import etree
from zeep import Client
from zeep.exceptions import Fault


class Reply:
    """What zeep takes for an answer over HTTP."""

    def __init__(self, body):
        self.content = body.encode()
        self.status_code = 200
        self.headers = {"Content-Type": "text/xml; charset=utf-8"}
        self.encoding = "utf-8"


client = None
for line in sys.stdin:
    request = json.loads(line)
    if "wsdl" in request:
        client = Client(io.BytesIO(request["wsdl"].encode()), port_name=request.get("port", "Tickets11"))
        answer = {"loaded": True}
    elif "create" in request:
        message = client.create_message(client.service, request["create"], **request["arguments"])
        answer = {"body": etree.tostring(message, encoding="unicode")}
    else:
        operation = client.service._binding.get(request["parse"])
        try:
            value = client.service._binding.process_reply(client, operation, Reply(request["body"]))
            answer = {"value": value}
        except Fault as fault:
            why = fault.detail.find(".//{%s}why" % request.get("namespace", "urn:tickets"))
            answer = {"fault": fault.message, "why": why.text}
    print(json.dumps(answer), flush=True)
