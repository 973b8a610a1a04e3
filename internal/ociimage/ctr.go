package ociimage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// Import puts images, as for [WriteArchive], where a node's kubelet finds them:
// into the namespace k8s.io of a containerd. The words of ctr call its client,
// such as ctr --address /run/containerd/containerd.sock, or reach it elsewhere,
// such as docker exec -i NODE ctr: the archive goes through standard input.
func Import[Image mutate.Appendable](ctx context.Context, ctr []string, images map[string]Image) error {
	if len(ctr) == 0 {
		return errors.New("the command that calls ctr is empty: name the program")
	}
	reader, writer := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := WriteArchive(writer, images)
		writer.CloseWithError(err)
		written <- err
	}()
	words := slices.Concat(ctr[1:], []string{"--namespace", "k8s.io", "images", "import", "-"})
	command := exec.CommandContext(ctx, ctr[0], words...)
	command.Stdin = reader
	said, err := command.CombinedOutput()
	reader.CloseWithError(errNotRead)
	if unwritten := <-written; unwritten != nil && !errors.Is(unwritten, errNotRead) {
		return unwritten
	}
	if err != nil {
		return fmt.Errorf("could not import the images with %s: %w: %s", strings.Join(ctr, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// errNotRead is what the archive's writer gets when ctr has ended early.
var errNotRead = errors.New("ctr read only a part of the archive")
