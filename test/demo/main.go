// Command demo plays a failover on one machine, without a cluster and without
// root, and tells it step by step. The webhook and the resolver are the real
// programs, the registries and TLS are real; only the VPC is missing: the demo
// carries connections from the registries' addresses to ports on 127.0.0.1.
//
// With -cloud the story is another: the controller reads PrivateZone over the
// cloud's API, which is test/fakecloud.
//
// It checks everything that it tells, and ends with 1 when something is not so.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// limit is for the whole story, which takes a few seconds.
const limit = 2 * time.Minute

func main() {
	bin := flag.String("bin", "bin", "the `DIR` that holds the programs webhook and resolver")
	config := flag.String("config", "testdata/config/example.yaml", "the configuration `FILE`")
	data := flag.String("cloud", "", "play the story of the cloud's API with this `FILE` of its data; -config is not used then")
	flag.Parse()
	if *data != "" && runtime.GOOS == "darwin" {
		fmt.Println("On macOS Go's programs don't read SSL_CERT_FILE, so the controller can't trust the demo's cloud: play this one on Linux.")
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := play(ctx, *bin, *config, *data); err != nil {
		fmt.Fprintln(os.Stderr, "\nthe demo did not go as told:", err)
		stop()
		os.Exit(1)
	}
}

func play(ctx context.Context, bin, config, data string) (err error) {
	begin := time.Now()
	s, err := newStage(ctx, bin, config, data)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.showLogs()
		}
		s.close()
	}()
	scenes := []func(context.Context, *stage) error{
		introduce, admit, pullFromPrimary, loseThePrimary, throwTheSwitch, pullFromStandby, goBack,
	}
	if s.cloud != nil {
		scenes = []func(context.Context, *stage) error{
			introduceCloud, learn, failOver, editByHand, loseTheCloud, returnTheCloud,
		}
	}
	for _, scene := range scenes {
		if err := scene(ctx, s); err != nil {
			return err
		}
	}
	conclude(time.Since(begin), s.cloud != nil)
	return nil
}
