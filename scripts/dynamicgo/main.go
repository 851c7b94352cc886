// Measures CloudWeGo's dynamicgo on the messages of scripts/bench-adapt: main FOLDER.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"time"

	"github.com/cloudwego/dynamicgo/conv"
	"github.com/cloudwego/dynamicgo/conv/j2t"
	"github.com/cloudwego/dynamicgo/conv/t2j"
	"github.com/cloudwego/dynamicgo/thrift"
)

func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func figure(name string, size int, run func() error) {
	const batch = 200
	var times []int64
	begun := time.Now()
	for time.Since(begun) < 2*time.Second || len(times) < 10 {
		start := processorTime()
		for range batch {
			if err := run(); err != nil {
				panic(err)
			}
		}
		times = append(times, (processorTime()-start)/batch)
	}
	sort.Slice(times, func(a, b int) bool { return times[a] < times[b] })
	row := map[string]any{"case": name, "engine": "dynamicgo", "bytes": size, "median_ns": times[len(times)/2],
		"best_ns": times[0], "runs": len(times) * batch}
	text, _ := json.Marshal(row)
	fmt.Println(string(text))
}

func main() {
	folder := os.Args[1]
	read := func(name string) []byte {
		bytes, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			panic(err)
		}
		return bytes
	}
	// It reads types from a service alone.
	idl := string(read("order.thrift")) + "\nservice Orders { Order echo(1: Order order) }\n"
	ctx := context.Background()
	service, err := thrift.NewDescritorFromContent(ctx, "order.thrift", idl, map[string]string{}, false)
	if err != nil {
		panic(err)
	}
	desc := service.Functions()["echo"].Request().Struct().FieldById(1).Type()
	data := read("order.bin")
	toJSON := t2j.NewBinaryConv(conv.Options{})
	text, err := toJSON.Do(ctx, desc, data)
	if err != nil {
		panic(err)
	}
	fromJSON := j2t.NewBinaryConv(conv.Options{})
	if _, err := fromJSON.Do(ctx, desc, text); err != nil {
		panic(err)
	}
	figure("Thrift binary to JSON", len(data), func() error {
		_, err := toJSON.Do(ctx, desc, data)
		return err
	})
	figure("JSON to Thrift binary", len(data), func() error {
		_, err := fromJSON.Do(ctx, desc, text)
		return err
	})
}
