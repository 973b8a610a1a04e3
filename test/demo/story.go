package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

func title(number int, text string) { fmt.Printf("\n%d. %s\n\n", number, text) }

func tell(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

func gap() { fmt.Println() }

func quote(text string) {
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		fmt.Println("     | " + line)
	}
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func introduce(_ context.Context, s *stage) error {
	title(1, "Two registries with one name")
	for _, r := range []*registryServer{s.primary, s.standby} {
		tell("%-12s %s  %s  has %s", r.name, r.id, r.addr, image)
	}
	tell("The image has the same digest in both: %s.", s.digest)
	gap()
	tell("PrivateZone leads %s to %s: %s.", endpoint, s.primary.addr, s.primary.name)
	tell("The registries listen on 127.0.0.1, with TLS for %s. This demo carries", endpoint)
	tell("connections from their addresses to there, as a VPC would; nothing else is made up.")
	return nil
}

func admit(ctx context.Context, s *stage) error {
	title(2, "A pod is created, and the webhook rewrites its images")
	before, after, took, err := s.webhook.admit(ctx, podManifest)
	if err != nil {
		return err
	}
	for i := range before {
		tell("- image: %s", before[i])
		tell("+ image: %s", after[i])
		_, rest, _ := strings.Cut(before[i], "/")
		if want := endpoint + "/" + rest; after[i] != want {
			return fmt.Errorf("the image became %q, not %q", after[i], want)
		}
	}
	gap()
	tell("That took %s. Tag and digest stay as they are written.", millis(took))
	return nil
}

func pullFromPrimary(ctx context.Context, s *stage) error {
	title(3, "The name is resolved, and the image pulled")
	if err := s.awaitAnswer(ctx, s.primary.addr); err != nil {
		return err
	}
	if err := s.tellAnswers(ctx); err != nil {
		return err
	}
	return s.pullFrom(ctx, s.primary)
}

func loseThePrimary(ctx context.Context, s *stage) error {
	title(4, fmt.Sprintf("%s dies", s.primary.name))
	if err := s.primary.Close(); err != nil {
		return err
	}
	_, _, err := s.pull(ctx)
	if err == nil {
		return errors.New("an image was pulled from a registry that is gone")
	}
	tell("The same pull fails: %s.", lastWords(err))
	return nil
}

func throwTheSwitch(ctx context.Context, s *stage) error {
	title(5, "The switch is thrown: one word in one file (in a cluster, in one ConfigMap)")
	times, err := s.throw(ctx, s.standby.name, s.standby.addr, true)
	if err != nil {
		return err
	}
	tell("echo %s > switch/%s", s.standby.name, endpoint)
	gap()
	tell("first switched DNS answer after %s", millis(times.answer))
	tell("hosts file changed after        %s", millis(times.hosts))
	gap()
	content, err := os.ReadFile(s.hostsFile)
	if err != nil {
		return err
	}
	quote(string(content))
	return nil
}

func pullFromStandby(ctx context.Context, s *stage) error {
	title(6, "The same pull again")
	if err := s.tellAnswers(ctx); err != nil {
		return err
	}
	return s.pullFrom(ctx, s.standby)
}

func goBack(ctx context.Context, s *stage) error {
	title(7, fmt.Sprintf("%s is back, and so is the switch", s.primary.name))
	if err := s.primary.start(ctx); err != nil {
		return err
	}
	times, err := s.throw(ctx, "privatezone", s.primary.addr, false)
	if err != nil {
		return err
	}
	tell("echo privatezone > switch/%s", endpoint)
	gap()
	tell("DNS answer back after %s, the block gone from the hosts file after %s", millis(times.answer), millis(times.hosts))
	return s.pullFrom(ctx, s.primary)
}

func conclude(took time.Duration, cloud bool) {
	fmt.Printf("\nAll of it held. The story took %.1f s.\n", took.Seconds())
	if cloud {
		fmt.Println("docs/cloud.md tells what is read, how often, and with which rights.")
		return
	}
	fmt.Print(`
What to do next:

   make test                                  run all tests
   bin/kubectl-registry_failover explain --config testdata/config/example.yaml \
       b-registry.cn-zhangjiakou.cr.aliyuncs.com/demo/web:1
                                              see what becomes of your own images, or with -f of manifests
   docs/configuration.md                      write a configuration for your instances
   docs/switch.md                             all that the switch can say: networks, shares of nodes, drills
`)
}

// lastWords are the innermost reason of a failed pull, on one line.
func lastWords(err error) string {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err.Error()
}
