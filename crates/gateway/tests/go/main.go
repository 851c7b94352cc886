// A server and a client of kitex with the code that its generator makes of thrift_test.thrift; see scripts/kitex-peer.
//
//	kitex-peer serve             serves every way on one port and prints a line of JSON that says so of each
//	kitex-peer call WAY=PORT …   calls each way at its port of this machine; prints a line for each
//
// A way is a transport of kitex, named as protocol and transport: `binary-framed`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/pkg/connpool"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/remote"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"

	"kitex-peer/kitex_gen/test"
	"kitex-peer/kitex_gen/test/thrifttest"
)

var ways = map[string]transport.Protocol{
	"binary-buffered":   transport.PurePayload,
	"binary-framed":     transport.Framed,
	"ttheader-buffered": transport.TTHeader,
	"ttheader-framed":   transport.TTHeaderFramed,
}

func xtruct(text string, small int8, number int32, large int64) *test.Xtruct {
	return &test.Xtruct{StringThing: text, ByteThing: small, I32Thing: number, I64Thing: large}
}

// ── server ─────────────────────────────────────────────────────────────────────────────────────────────────────

type handler struct{}

func (handler) TestVoid(context.Context) error                                      { return nil }
func (handler) TestString(_ context.Context, thing string) (string, error)          { return thing, nil }
func (handler) TestBool(_ context.Context, thing bool) (bool, error)                { return thing, nil }
func (handler) TestByte(_ context.Context, thing int8) (int8, error)                { return thing, nil }
func (handler) TestI32(_ context.Context, thing int32) (int32, error)               { return thing, nil }
func (handler) TestI64(_ context.Context, thing int64) (int64, error)               { return thing, nil }
func (handler) TestDouble(_ context.Context, thing float64) (float64, error)        { return thing, nil }
func (handler) TestBinary(_ context.Context, thing []byte) ([]byte, error)          { return thing, nil }
func (handler) TestSet(_ context.Context, thing []int32) ([]int32, error)           { return thing, nil }
func (handler) TestList(_ context.Context, thing []int32) ([]int32, error)          { return thing, nil }
func (handler) TestEnum(_ context.Context, thing test.Numberz) (test.Numberz, error) { return thing, nil }
func (handler) TestTypedef(_ context.Context, thing test.UserId) (test.UserId, error) {
	return thing, nil
}
func (handler) TestStruct(_ context.Context, thing *test.Xtruct) (*test.Xtruct, error) {
	return thing, nil
}
func (handler) TestNest(_ context.Context, thing *test.Xtruct2) (*test.Xtruct2, error) {
	return thing, nil
}
func (handler) TestMap(_ context.Context, thing map[int32]int32) (map[int32]int32, error) {
	return thing, nil
}
func (handler) TestStringMap(_ context.Context, thing map[string]string) (map[string]string, error) {
	return thing, nil
}
func (handler) TestOneway(context.Context, int32) error { return nil }

func (handler) TestMapMap(context.Context, int32) (map[int32]map[int32]int32, error) {
	return mapped(), nil
}

func mapped() map[int32]map[int32]int32 {
	return map[int32]map[int32]int32{-1: {-1: -1, -2: -2, -3: -3, -4: -4}, 1: {1: 1, 2: 2, 3: 3, 4: 4}}
}

func (handler) TestInsanity(_ context.Context, argument *test.Insanity) (map[test.UserId]map[test.Numberz]*test.Insanity, error) {
	return insane(argument), nil
}

func insane(crazy *test.Insanity) map[test.UserId]map[test.Numberz]*test.Insanity {
	empty := &test.Insanity{UserMap: map[test.Numberz]test.UserId{}, Xtructs: []*test.Xtruct{}}
	return map[test.UserId]map[test.Numberz]*test.Insanity{
		1: {test.Numberz_TWO: crazy, test.Numberz_THREE: crazy}, 2: {test.Numberz_SIX: empty},
	}
}

func (handler) TestMulti(_ context.Context, arg0 int8, arg1 int32, arg2 int64, _ map[int16]string, _ test.Numberz, _ test.UserId) (*test.Xtruct, error) {
	return xtruct("Hello2", arg0, arg1, arg2), nil
}

func (handler) TestException(_ context.Context, arg string) error { return thrown(arg) }

func (handler) TestMultiException(_ context.Context, arg0, arg1 string) (*test.Xtruct, error) {
	if err := thrown(arg0); err != nil {
		return nil, err
	}
	return xtruct(arg1, 0, 0, 0), nil
}

func thrown(which string) error {
	switch which {
	case "Xception":
		return &test.Xception{ErrorCode: 1001, Message: which}
	case "Xception2":
		return &test.Xception2{ErrorCode: 2002, StructThing: xtruct("This is an Xception2", 0, 0, 0)}
	case "TException":
		return errors.New("not declared")
	case "business":
		return kerrors.NewBizStatusError(404, "no such ticket")
	}
	return nil
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	served := thrifttest.NewServer(&handler{}, server.WithListener(listener), server.WithMetaHandler(transmeta.ServerTTHeaderHandler))
	ports := map[string]int{}
	for way := range ways {
		ports[way] = listener.Addr().(*net.TCPAddr).Port
	}
	said, err := json.Marshal(ports)
	must(err)
	fmt.Println(string(said))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	must(served.Run())
}

// ── client ─────────────────────────────────────────────────────────────────────────────────────────────────────

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func holds(does bool, format string, values ...any) {
	if !does {
		panic(fmt.Sprintf(format, values...))
	}
}

func echoed[T any](call func(context.Context, T, ...callopt.Option) (T, error), values ...T) int {
	for _, value := range values {
		got, err := call(context.Background(), value)
		must(err)
		holds(reflect.DeepEqual(got, value), "%v came back as %v", value, got)
	}
	return len(values)
}

func connected(way, port string) thrifttest.Client {
	options := []client.Option{
		client.WithHostPorts("127.0.0.1:" + port),
		client.WithRPCTimeout(20 * time.Second),
		client.WithConnectTimeout(20 * time.Second),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
	}
	if way == "ttheader-mux" {
		// Calls of several callers at once on one connection.
		options = append(options, client.WithMuxConnection(1))
	} else {
		idle := connpool.IdleConfig{MinIdlePerAddress: 1, MaxIdlePerAddress: 1, MaxIdleGlobal: 1, MaxIdleTimeout: time.Minute}
		options = append(options, client.WithTransportProtocol(ways[way]), client.WithLongConnection(idle))
	}
	made, err := thrifttest.NewClient("ThriftTest", options...)
	must(err)
	return made
}

func check(peer thrifttest.Client) int {
	ctx := context.Background()
	text := "Quizás 客服 😀 \\ \" / \b\n\t\r" + strings.Repeat("x", 300)
	bytes := make([]byte, 256)
	numbers := map[int32]int32{}
	for number := range bytes {
		bytes[number] = byte(number)
		numbers[int32(number)-50] = int32(number) * 7
	}
	must(peer.TestVoid(ctx))
	count := 1
	count += echoed(peer.TestString, "", text)
	count += echoed(peer.TestBool, true, false)
	count += echoed(peer.TestByte, -128, 0, 127)
	count += echoed(peer.TestI32, math.MinInt32, -1, math.MaxInt32)
	count += echoed(peer.TestI64, math.MinInt64, 1<<53+1, math.MaxInt64)
	count += echoed(peer.TestDouble, 3.14159265358979, 1e308, -1e-300)
	count += echoed(peer.TestBinary, bytes)
	count += echoed(peer.TestStruct, xtruct("Zero", 1, -3, -5), xtruct(text, -128, math.MaxInt32, math.MinInt64))
	count += echoed(peer.TestNest, &test.Xtruct2{ByteThing: 1, StructThing: xtruct("Zero", 1, -3, -5), I32Thing: 5})
	count += echoed(peer.TestMap, numbers)
	count += echoed(peer.TestStringMap, map[string]string{"a": "2", "some": "thing", text: ""})
	count += echoed(peer.TestSet, []int32{-42, 1, 8})
	count += echoed(peer.TestList, []int32{1, 4, 9, -42})
	count += echoed(peer.TestEnum, test.Numberz_ONE, test.Numberz_FIVE, test.Numberz_EIGHT)
	count += echoed(peer.TestTypedef, 0xFFFFFFFFFFFFFF)

	gotMap, err := peer.TestMapMap(ctx, 1)
	must(err)
	holds(reflect.DeepEqual(gotMap, mapped()), "%v", gotMap)
	crazy := &test.Insanity{
		UserMap: map[test.Numberz]test.UserId{test.Numberz_ONE: 1, test.Numberz_EIGHT: 8},
		Xtructs: []*test.Xtruct{xtruct("Goodbye4", 4, 4, 4), xtruct("Hello2", 2, 2, 2)},
	}
	gotInsane, err := peer.TestInsanity(ctx, crazy)
	must(err)
	holds(reflect.DeepEqual(gotInsane, insane(crazy)), "%v", gotInsane)
	got, err := peer.TestMulti(ctx, 74, 0xFF00FF, 0xFFFFFFFFD0D0, map[int16]string{0: "abc", -1: "d"}, test.Numberz_FIVE, 0xF0F0F0)
	must(err)
	holds(reflect.DeepEqual(got, xtruct("Hello2", 74, 0xFF00FF, 0xFFFFFFFFD0D0)), "%v", got)

	must(peer.TestException(ctx, "Safe"))
	var declared *test.Xception
	err = peer.TestException(ctx, "Xception")
	holds(errors.As(err, &declared) && declared.ErrorCode == 1001 && declared.Message == "Xception", "%v", err)
	var second *test.Xception2
	_, err = peer.TestMultiException(ctx, "Xception2", "x")
	holds(errors.As(err, &second) && second.StructThing.StringThing == "This is an Xception2", "%v", err)
	got, err = peer.TestMultiException(ctx, "success", "foobar")
	must(err)
	holds(reflect.DeepEqual(got, xtruct("foobar", 0, 0, 0)), "%v", got)
	var failed *remote.TransError
	err = peer.TestException(ctx, "TException")
	holds(errors.As(err, &failed) && failed.TypeID() == remote.InternalError, "%v", err)
	must(peer.TestOneway(ctx, 0))
	// The connection is in order after all of it.
	count += echoed(peer.TestString, "last")
	return count + 9
}

func main() {
	klog.SetLevel(klog.LevelFatal)
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		serve()
	}
	for _, argument := range os.Args[2:] {
		way, port, _ := strings.Cut(argument, "=")
		fmt.Println(way, check(connected(way, port)))
	}
}
