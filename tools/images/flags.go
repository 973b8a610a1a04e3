package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

type options struct {
	registry, tag, revision, output string
	architectures                   []string
	push, load                      bool
	ctr                             []string
}

func parse(args []string) (options, error) {
	var o options
	var platforms, ctr string
	flags := flag.NewFlagSet("images", flag.ExitOnError)
	flags.StringVar(&o.registry, "registry", "", "the `HOST[/PATH]` that the images are named under (required)")
	flags.StringVar(&o.tag, "tag", "", "the `TAG` of the images, which is the programs' version too (required)")
	flags.StringVar(&platforms, "platforms", "linux/amd64,linux/arm64", "build for these, as `OS/ARCH,…`")
	flags.StringVar(&o.revision, "revision", "", "the `COMMIT` that is built; its default is asked of git")
	flags.StringVar(&o.output, "output", "", "write all images to this `FILE`, an OCI archive")
	flags.BoolVar(&o.push, "push", false, "push the images to the registry, with the credentials of docker login")
	flags.BoolVar(&o.load, "load", false, "import the images into a containerd, for its kubelet")
	flags.StringVar(&ctr, "ctr", "ctr", "the `COMMAND` that calls ctr for --load, in words separated by spaces")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.ctr = strings.Fields(ctr)
	var err error
	switch {
	case flags.NArg() > 0:
		return options{}, fmt.Errorf("unexpected argument %q: all arguments are flags, see --help", flags.Arg(0))
	case o.registry == "":
		return options{}, errors.New("--registry is missing: name the host, and path, that the images are named under")
	case o.tag == "":
		return options{}, errors.New("--tag is missing: name the version, such as v1.2.3")
	case o.load && len(o.ctr) == 0:
		return options{}, errors.New("--ctr is empty: name the program")
	}
	// All names have the form of this one.
	if _, err := name.NewTag(o.imageName("program"), name.StrictValidation); err != nil {
		return options{}, fmt.Errorf("--registry %q with --tag %q: %w", o.registry, o.tag, err)
	}
	o.architectures, err = parsePlatforms(platforms)
	return o, err
}

func parsePlatforms(list string) ([]string, error) {
	var architectures []string
	for platform := range strings.SplitSeq(list, ",") {
		architecture, linux := strings.CutPrefix(platform, "linux/")
		if !linux || architecture != "amd64" && architecture != "arm64" || slices.Contains(architectures, architecture) {
			return nil, fmt.Errorf("--platforms %q: one or both of linux/amd64, linux/arm64", list)
		}
		architectures = append(architectures, architecture)
	}
	return architectures, nil
}

// imageName is the complete name of a program's image.
func (o options) imageName(program string) string {
	return o.registry + "/registry-failover-" + program + ":" + o.tag
}
