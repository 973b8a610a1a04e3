// Command images builds the product's images from source, reproducibly and
// without a container engine: it compiles the programs, makes an image of each,
// prints their digests, and writes, pushes or loads them. docs/images.md has the
// details.
package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/registry-failover/registry-failover/internal/ociimage"
)

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := moduleRoot(ctx)
	if err == nil {
		err = run(ctx, root, o, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

// run builds the images of the module in root and does what the options say with
// them. A line NAME@DIGEST for each goes to stdout when all else has succeeded.
func run(ctx context.Context, root string, o options, stdout, stderr io.Writer) error {
	if o.revision == "" {
		var err error
		if o.revision, err = revision(ctx, root); err != nil {
			return err
		}
	}
	images, err := build(ctx, root, o, stderr)
	if err != nil {
		return err
	}
	if o.output != "" {
		if err := writeFile(o.output, images); err != nil {
			return err
		}
	}
	if o.push {
		if err := push(ctx, images); err != nil {
			return err
		}
	}
	if o.load {
		if err := ociimage.Import(ctx, o.ctr, images); err != nil {
			return err
		}
	}
	return list(stdout, images)
}

// list prints the digest of each image.
func list(w io.Writer, images map[string]mutate.Appendable) error {
	for _, name := range slices.Sorted(maps.Keys(images)) {
		digest, err := images[name].Digest()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s@%s\n", name, digest); err != nil {
			return err
		}
	}
	return nil
}
