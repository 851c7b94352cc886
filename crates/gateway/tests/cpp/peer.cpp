// Apache's library for C++ (Debian's libthrift-dev) and the code that its compiler makes of thrift_test.thrift.
//
//     peer serve             serves every way on ports of its own and prints them as a line of JSON
//     peer call WAY=PORT …   calls each way at its port of this machine; prints a line for each
//
// A way is a protocol and a transport: `binary-framed`.

#include <cstdio>
#include <future>
#include <initializer_list>
#include <iostream>
#include <stdexcept>
#include <thread>

#include <thrift/TApplicationException.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/protocol/THeaderProtocol.h>
#include <thrift/protocol/TJSONProtocol.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TServerSocket.h>
#include <thrift/transport/TSocket.h>

#include "ThriftTest.h"

using namespace apache::thrift;
using namespace apache::thrift::protocol;
using namespace apache::thrift::server;
using namespace apache::thrift::transport;
using std::make_shared;
using std::map;
using std::shared_ptr;
using std::string;

// Not over HTTP: the library's server answers nothing at all to a one-way call, and its client does not read the answer.
const char *const WAYS[] = {"binary-buffered", "binary-framed", "compact-buffered", "compact-framed",
                            "json-buffered",   "json-framed",   "header-buffered",  "headerc-buffered"};

bool begins(const string &text, const char *with) { return text.rfind(with, 0) == 0; }

bool ends(const string &text, const string &with) {
    return text.size() >= with.size() && text.compare(text.size() - with.size(), with.size(), with) == 0;
}

Xtruct xtruct(const string &text, int8_t small, int32_t number, int64_t large) {
    Xtruct made;
    made.__set_string_thing(text);
    made.__set_byte_thing(small);
    made.__set_i32_thing(number);
    made.__set_i64_thing(large);
    return made;
}

// ── server ─────────────────────────────────────────────────────────────────────────────────────────────────────

class Handler : public ThriftTestIf {
public:
    void testVoid() override {}
    void testString(string &result, const string &thing) override { result = thing; }
    bool testBool(const bool thing) override { return thing; }
    int8_t testByte(const int8_t thing) override { return thing; }
    int32_t testI32(const int32_t thing) override { return thing; }
    int64_t testI64(const int64_t thing) override { return thing; }
    double testDouble(const double thing) override { return thing; }
    void testBinary(string &result, const string &thing) override { result = thing; }
    void testStruct(Xtruct &result, const Xtruct &thing) override { result = thing; }
    void testNest(Xtruct2 &result, const Xtruct2 &thing) override { result = thing; }
    void testMap(map<int32_t, int32_t> &result, const map<int32_t, int32_t> &thing) override { result = thing; }
    void testStringMap(map<string, string> &result, const map<string, string> &thing) override { result = thing; }
    void testSet(std::set<int32_t> &result, const std::set<int32_t> &thing) override { result = thing; }
    void testList(std::vector<int32_t> &result, const std::vector<int32_t> &thing) override { result = thing; }
    Numberz::type testEnum(const Numberz::type thing) override { return thing; }
    UserId testTypedef(const UserId thing) override { return thing; }

    void testMapMap(map<int32_t, map<int32_t, int32_t>> &result, const int32_t) override {
        for (int32_t number = 1; number <= 4; number++) {
            result[1][number] = number;
            result[-1][-number] = -number;
        }
    }

    void testInsanity(map<UserId, map<Numberz::type, Insanity>> &result, const Insanity &argument) override {
        result[1][Numberz::TWO] = argument;
        result[1][Numberz::THREE] = argument;
        result[2][Numberz::SIX] = Insanity();
    }

    void testMulti(Xtruct &result, const int8_t arg0, const int32_t arg1, const int64_t arg2, const map<int16_t, string> &,
                   const Numberz::type, const UserId) override {
        result = xtruct("Hello2", arg0, arg1, arg2);
    }

    void testException(const string &arg) override { thrown(arg); }

    void testMultiException(Xtruct &result, const string &arg0, const string &arg1) override {
        thrown(arg0);
        result = xtruct(arg1, 0, 0, 0);
    }

    void testOneway(const int32_t) override {}

private:
    static void thrown(const string &which) {
        if (which == "Xception") {
            Xception error;
            error.__set_errorCode(1001);
            error.__set_message(which);
            throw error;
        }
        if (which == "Xception2") {
            Xception2 error;
            error.__set_errorCode(2002);
            error.__set_struct_thing(xtruct("This is an Xception2", 0, 0, 0));
            throw error;
        }
        if (which == "TException") {
            throw TException("not declared");
        }
    }
};

shared_ptr<TProtocolFactory> protocols(const string &way) {
    if (begins(way, "header")) {
        return make_shared<THeaderProtocolFactory>();
    }
    if (begins(way, "binary")) {
        return make_shared<TBinaryProtocolFactory>();
    }
    if (begins(way, "compact")) {
        return make_shared<TCompactProtocolFactory>();
    }
    return make_shared<TJSONProtocolFactory>();
}

shared_ptr<TTransportFactory> transports(const string &way) {
    if (ends(way, "-framed")) {
        return make_shared<TFramedTransportFactory>();
    }
    return make_shared<TBufferedTransportFactory>();
}

/// Tells the port once the server listens.
class Listening : public TServerEventHandler {
public:
    Listening(shared_ptr<TServerSocket> socket, std::promise<int> port) : socket(socket), port(std::move(port)) {}
    void preServe() override { port.set_value(socket->getPort()); }

private:
    shared_ptr<TServerSocket> socket;
    std::promise<int> port;
};

void serve() {
    string said = "{";
    for (string way : WAYS) {
        std::promise<int> promise;
        std::future<int> port = promise.get_future();
        auto socket = make_shared<TServerSocket>("127.0.0.1", 0);
        auto processor = make_shared<ThriftTestProcessor>(make_shared<Handler>());
        auto server = make_shared<TThreadedServer>(processor, socket, transports(way), protocols(way));
        server->setServerEventHandler(make_shared<Listening>(socket, std::move(promise)));
        std::thread([server] { server->serve(); }).detach();
        said += (said.size() > 1 ? ",\"" : "\"") + way + "\":" + std::to_string(port.get());
    }
    std::cout << said << "}" << std::endl;
    while (std::getchar() != EOF) {
    }
    std::_Exit(0);
}

// ── client ─────────────────────────────────────────────────────────────────────────────────────────────────────

void holds(bool does, const string &what) {
    if (!does) {
        throw std::runtime_error(what);
    }
}

template <class T> int echoed(ThriftTestClient &client, T (ThriftTestClient::*call)(T), std::initializer_list<T> values) {
    for (const T &value : values) {
        holds((client.*call)(value) == value, "what was sent did not come back");
    }
    return values.size();
}

template <class T>
int echoed(ThriftTestClient &client, void (ThriftTestClient::*call)(T &, const T &), std::initializer_list<T> values) {
    for (const T &value : values) {
        T got;
        (client.*call)(got, value);
        holds(got == value, "what was sent did not come back");
    }
    return values.size();
}

/// Whether a call throws this exception.
template <class E, class Call> void throws(const E &expected, Call call) {
    try {
        call();
    } catch (const E &error) {
        holds(error == expected, "another exception than was declared");
        return;
    }
    holds(false, "no exception");
}

shared_ptr<TProtocol> spoken(const string &way, int port) {
    auto socket = make_shared<TSocket>("127.0.0.1", port);
    socket->setRecvTimeout(20000);
    if (begins(way, "header")) {
        const uint16_t inner = begins(way, "headerc") ? T_COMPACT_PROTOCOL : T_BINARY_PROTOCOL;
        return make_shared<THeaderProtocol>(make_shared<TBufferedTransport>(socket), inner);
    }
    return protocols(way)->getProtocol(transports(way)->getTransport(socket));
}

int check(ThriftTestClient &client) {
    using Client = ThriftTestClient;
    const string text = "Quizás 客服 😀 \\ \" / \b\n\t\r" + string(300, 'x');
    string bytes;
    for (int byte = 0; byte < 256; byte++) {
        bytes.push_back(static_cast<char>(byte));
    }
    Xtruct2 nested;
    nested.__set_byte_thing(1);
    nested.__set_struct_thing(xtruct("Zero", 1, -3, -5));
    nested.__set_i32_thing(5);
    map<int32_t, int32_t> numbers;
    for (int32_t number = -50; number < 50; number++) {
        numbers[number] = number * 7;
    }
    using Numbers = map<int32_t, int32_t>;
    using Texts = map<string, string>;
    client.testVoid();
    int count = 1;
    count += echoed<string>(client, &Client::testString, {"", text});
    count += echoed<bool>(client, &Client::testBool, {true, false});
    count += echoed<int8_t>(client, &Client::testByte, {-128, 0, 127});
    count += echoed<int32_t>(client, &Client::testI32, {INT32_MIN, -1, INT32_MAX});
    count += echoed<int64_t>(client, &Client::testI64, {INT64_MIN, (int64_t(1) << 53) + 1, INT64_MAX});
    count += echoed<double>(client, &Client::testDouble, {-0.0, 3.14159265358979, 1e308, -1e-300});
    count += echoed<string>(client, &Client::testBinary, {"", bytes});
    count += echoed<Xtruct>(client, &Client::testStruct, {xtruct("Zero", 1, -3, -5), xtruct(text, -128, INT32_MAX, INT64_MIN)});
    count += echoed<Xtruct2>(client, &Client::testNest, {nested});
    count += echoed<Numbers>(client, &Client::testMap, {{}, numbers});
    count += echoed<Texts>(client, &Client::testStringMap, {Texts{{"a", "2"}, {"some", "thing"}, {text, ""}}});
    count += echoed<std::set<int32_t>>(client, &Client::testSet, {{}, {8, 1, -42}});
    count += echoed<std::vector<int32_t>>(client, &Client::testList, {{}, {1, 4, 9, -42}});
    count += echoed<Numberz::type>(client, &Client::testEnum, {Numberz::ONE, Numberz::FIVE, Numberz::EIGHT});
    count += echoed<UserId>(client, &Client::testTypedef, {0xFFFFFFFFFFFFFF});

    map<int32_t, Numbers> mapped;
    client.testMapMap(mapped, 1);
    const map<int32_t, Numbers> expected = {{-1, {{-1, -1}, {-2, -2}, {-3, -3}, {-4, -4}}}, {1, {{1, 1}, {2, 2}, {3, 3}, {4, 4}}}};
    holds(mapped == expected, "testMapMap");
    Insanity crazy;
    crazy.__set_userMap({{Numberz::ONE, 1}, {Numberz::EIGHT, 8}});
    crazy.__set_xtructs({xtruct("Goodbye4", 4, 4, 4), xtruct("Hello2", 2, 2, 2)});
    map<UserId, map<Numberz::type, Insanity>> insane;
    client.testInsanity(insane, crazy);
    holds(insane.size() == 2 && insane[1][Numberz::TWO] == crazy && insane[1][Numberz::THREE] == crazy &&
              insane[2][Numberz::SIX] == Insanity(),
          "testInsanity");
    Xtruct got;
    client.testMulti(got, 74, 0xFF00FF, 0xFFFFFFFFD0D0, {{0, "abc"}, {-1, "d"}}, Numberz::FIVE, 0xF0F0F0);
    holds(got == xtruct("Hello2", 74, 0xFF00FF, 0xFFFFFFFFD0D0), "testMulti");

    client.testException("Safe");
    Xception declared;
    declared.__set_errorCode(1001);
    declared.__set_message("Xception");
    throws(declared, [&] { client.testException("Xception"); });
    throws(declared, [&] { client.testMultiException(got, "Xception", "x"); });
    Xception2 second;
    second.__set_errorCode(2002);
    second.__set_struct_thing(xtruct("This is an Xception2", 0, 0, 0));
    throws(second, [&] { client.testMultiException(got, "Xception2", "x"); });
    client.testMultiException(got, "success", "foobar");
    holds(got == xtruct("foobar", 0, 0, 0), "testMultiException");
    bool failed = false;
    try {
        client.testException("TException");
    } catch (const TApplicationException &error) {
        failed = error.getType() == TApplicationException::INTERNAL_ERROR;
    }
    holds(failed, "an undeclared exception must be an internal error");
    client.testOneway(0);
    // The connection is in order after all of it.
    count += echoed<string>(client, &Client::testString, {"last"});
    return count + 10;
}

int main(int count, char **arguments) {
    if (count == 2 && string(arguments[1]) == "serve") {
        serve();
    }
    for (int index = 2; index < count; index++) {
        const string argument = arguments[index];
        const size_t equals = argument.find('=');
        const string way = argument.substr(0, equals);
        try {
            auto protocol = spoken(way, std::stoi(argument.substr(equals + 1)));
            protocol->getTransport()->open();
            ThriftTestClient client(protocol);
            std::cout << way << " " << check(client) << std::endl;
        } catch (const std::exception &error) {
            std::cerr << way << ": " << error.what() << std::endl;
            return 1;
        }
    }
    return 0;
}
